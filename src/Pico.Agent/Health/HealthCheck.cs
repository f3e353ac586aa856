using System.Buffers;
using System.Text;
using Pico.Agent.Endpoints;
using Pico.Agent.Forwarding;

namespace Pico.Agent.Health;

/// <summary>One check of a service: a connect, and if a path is given a <c>GET</c> that must be answered with 2xx (RFC 9110 section 15.3).</summary>
internal static class HealthCheck
{
    // "HTTP/1.1 200"
    private const int StatusLineStart = 12;

    /// <summary>Gives null if the service is well, else what is wrong. Throws only when <paramref name="cancellationToken"/> fires.</summary>
    public static async Task<string?> RunAsync(Endpoint endpoint, HealthCheckSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(settings.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var service = await endpoint.Connector.ConnectAsync(settings.Timeout, either.Token).ConfigureAwait(false);
            using var abort = either.Token.UnsafeRegister(static s => ((ServiceConnection)s!).Abort(), service);
            return settings.Path.Length == 0 ? null : await GetAsync(service, endpoint.Spec, settings.Path).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return timeout.IsCancellationRequested || e is TimeoutException ? $"no answer within {settings.Timeout.TotalSeconds:0.#} s" : e.Message;
        }
    }

    private static async Task<string?> GetAsync(ServiceConnection service, EndpointSpec spec, string path)
    {
        var host = spec.Target[(spec.Target.IndexOf("://", StringComparison.Ordinal) + 3)..];
        await service.SendAsync(Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AgentVersion.Software}\r\nAccept: */*\r\nConnection: close\r\n\r\n")).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(256);
        try
        {
            var length = 0;
            while (length < StatusLineStart)
            {
                var received = await service.ReceiveAsync(buffer.AsMemory(length)).ConfigureAwait(false);
                if (received == 0)
                    return "the service closed the connection without an answer";
                length += received;
            }

            var start = Encoding.ASCII.GetString(buffer, 0, StatusLineStart);
            if (!start.StartsWith("HTTP/1.", StringComparison.Ordinal))
                return "the service does not speak HTTP/1.1";
            return start[9] == '2' ? null : $"GET {path} was answered with {start[9..]}";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
