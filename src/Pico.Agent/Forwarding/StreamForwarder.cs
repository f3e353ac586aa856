using Microsoft.Extensions.Logging;
using Pico.Agent.Endpoints;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Forwarding;

/// <summary>Takes what servers open: connects to the service, accepts or refuses the stream, and moves its bytes.</summary>
internal sealed partial class StreamForwarder(
    BytePump pump, ForwardingStatistics statistics, TimeSpan connectTimeout, int maxConcurrentConnects, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _connects = new(maxConcurrentConnects);

    /// <summary>
    /// Returns at once; the tunnel's reader, which calls it, must not wait for a connect. The stream counts as <paramref name="running"/> until
    /// nothing of it is left.
    /// </summary>
    public void Forward(TunnelStream stream, Endpoint endpoint, RunningStreams running)
    {
        running.Begin();
        ThreadPool.UnsafeQueueUserWorkItem(
            static s => _ = s.Forwarder.ForwardAsync(s.Stream, s.Endpoint, s.Running), (Forwarder: this, Stream: stream, Endpoint: endpoint, Running: running), preferLocal: false);
    }

    private async Task ForwardAsync(TunnelStream stream, Endpoint endpoint, RunningStreams running)
    {
        try
        {
            if (await ConnectAsync(stream, endpoint).ConfigureAwait(false) is { } service)
                await PumpAsync(stream, endpoint, service).ConfigureAwait(false);
        }
        finally
        {
            running.End();
        }
    }

    private async Task PumpAsync(TunnelStream stream, Endpoint endpoint, ServiceConnection service)
    {
        statistics.CountAccepted();
        try
        {
            stream.Accept();
            if (await pump.RunAsync(stream, service).ConfigureAwait(false) is { } failure)
                LogBroken(endpoint.Spec, failure.Message);
        }
        catch (Exception e)
        {
            LogFault(e, endpoint.Spec);
            stream.Abort(StreamError.Internal);
            service.Abort();
        }
        finally
        {
            statistics.CountEnded();
        }
    }

    private async Task<ServiceConnection?> ConnectAsync(TunnelStream stream, Endpoint endpoint)
    {
        using var timeout = new CancellationTokenSource(connectTimeout, time);
        try
        {
            await _connects.WaitAsync(timeout.Token).ConfigureAwait(false);
            try
            {
                return await endpoint.Connector.ConnectAsync(connectTimeout, timeout.Token).ConfigureAwait(false);
            }
            finally
            {
                _connects.Release();
            }
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            Refuse(stream, endpoint, StreamError.ServiceTimeout, $"did not answer within {connectTimeout.TotalSeconds:0.#} s");
        }
        catch (Exception e)
        {
            Refuse(stream, endpoint, StreamError.ServiceUnreachable, e.Message);
        }

        return null;
    }

    private void Refuse(TunnelStream stream, Endpoint endpoint, StreamError error, string reason)
    {
        statistics.CountRefused();
        if (endpoint.Unreachable.ShouldSay(""))
            LogRefused(endpoint.Spec, reason);
        var message = $"{endpoint.Spec.Target}: {reason}";
        stream.Refuse(error, message.Length > 1000 ? message[..1000] : message);
    }

    /// <inheritdoc/>
    public void Dispose() => _connects.Dispose();

    [LoggerMessage(3201, LogLevel.Warning, "The service of {Endpoint} cannot be reached: {Reason}. Requests for it are refused. Said once a minute at the most.")]
    private partial void LogRefused(EndpointSpec endpoint, string reason);

    [LoggerMessage(3202, LogLevel.Debug, "The service of {Endpoint} broke a connection: {Reason}")]
    private partial void LogBroken(EndpointSpec endpoint, string reason);

    [LoggerMessage(3203, LogLevel.Error, "Forwarding to {Endpoint} failed by a fault of the agent's own")]
    private partial void LogFault(Exception exception, EndpointSpec endpoint);
}
