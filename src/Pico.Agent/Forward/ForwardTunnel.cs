using Microsoft.Extensions.Logging;
using Pico.Agent.Dialing;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Forward;

/// <summary>The one tunnel of a port forwarder, opened on demand. One that the server asks to leave serves its streams to their end.</summary>
internal sealed class ForwardTunnel(ITunnelDialer dialer, TimeProvider time, ILogger logger) : ITunnelHandler, IAsyncDisposable
{
    private readonly string _id = Guid.NewGuid().ToString("N");

    // Held while connecting, so that many connections at once cause one tunnel.
    private readonly SemaphoreSlim _connecting = new(1);
    private volatile TunnelConnection? _tunnel;

    // Guarded by _connecting.
    private (long At, Exception? Failure) _last;

    /// <summary>Opens a stream; throws <see cref="StreamException"/> or <see cref="TunnelException"/> with the reason.</summary>
    public async Task<TunnelStream> OpenAsync(StreamOpen open, CancellationToken cancellationToken)
    {
        try
        {
            return await (await GetAsync(cancellationToken).ConfigureAwait(false)).OpenAsync(open, cancellationToken).ConfigureAwait(false);
        }
        catch (StreamException e) when (e.Error is StreamError.TunnelLost or StreamError.Draining)
        {
            // The tunnel went just then, and nothing was sent: once more.
            return await (await GetAsync(cancellationToken).ConfigureAwait(false)).OpenAsync(open, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Lets the streams finish within <paramref name="grace"/>, and closes.</summary>
    public async Task FinishAsync(TimeSpan grace)
    {
        if (_tunnel is not { } tunnel)
            return;
        using var timeout = new CancellationTokenSource(grace, time);
        try
        {
            await tunnel.WhenIdleAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // They have had their time.
        }

        await tunnel.CloseAsync(TunnelError.None, "the forwarder stops").ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_tunnel is { } tunnel)
            await tunnel.DisposeAsync().ConfigureAwait(false);
        _connecting.Dispose();
    }

    /// <inheritdoc/>
    public void OnOpen(TunnelStream stream, StreamOpen open) => stream.Refuse(StreamError.UnknownEndpoint, "a forwarder serves no endpoint");

    /// <inheritdoc/>
    public void OnRegister(TunnelConnection tunnel, Registration registration) =>
        tunnel.AnswerRegistration(registration.Id, "a forwarder takes no registrations");

    /// <inheritdoc/>
    public void OnDeregister(TunnelConnection tunnel, uint registrationId)
    {
        // Nothing was ever registered by the server.
    }

    /// <inheritdoc/>
    public void OnGoAway(TunnelConnection tunnel, TunnelError reason, string message) => _ = CloseWhenIdleAsync(tunnel);

    private async ValueTask<TunnelConnection> GetAsync(CancellationToken cancellationToken) =>
        _tunnel is { IsOpen: true } tunnel ? tunnel : await ConnectAsync(cancellationToken).ConfigureAwait(false);

    private async Task<TunnelConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        await _connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_tunnel is { IsOpen: true } opened)
                return opened;
            // Those who waited for the same try share its failure instead of trying one after the other.
            if (_last.Failure is { } failure && _last.At >= asked)
                throw new TunnelException((failure as TunnelException)?.Error ?? TunnelError.TransportLost, failure.Message, failure);
            var former = _tunnel;
            _tunnel = await DialAsync(cancellationToken).ConfigureAwait(false);
            // One that ran out of IDs was told to leave by nobody.
            if (former is not null)
                _ = CloseWhenIdleAsync(former);
            return _tunnel;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            _last = (time.GetTimestamp(), e);
            throw;
        }
        finally
        {
            _connecting.Release();
        }
    }

    private async Task<TunnelConnection> DialAsync(CancellationToken cancellationToken)
    {
        var (transport, _) = await dialer.DialAsync(cancellationToken).ConfigureAwait(false);
        var hello = new TunnelHello { Id = _id, Name = Environment.MachineName, Software = AgentVersion.Software };
        var tunnel = await TunnelConnection
            .ConnectAsync(transport, hello, this, DialedTunnels.Options, time, logger, cancellationToken).ConfigureAwait(false);
        tunnel.Start();
        return tunnel;
    }

    /// <summary>The server closes what takes it too long.</summary>
    private static async Task CloseWhenIdleAsync(TunnelConnection tunnel)
    {
        await Task.WhenAny(tunnel.WhenIdleAsync(CancellationToken.None), tunnel.Completion).ConfigureAwait(false);
        await tunnel.DisposeAsync().ConfigureAwait(false);
    }
}
