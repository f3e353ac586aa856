using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Pico.Gossip.Network;

/// <summary>Turns what to join into addresses, again and again for ever: names change, and whoever is cut off finds back by them.</summary>
internal sealed class JoinResolver(GossipOptions options, Action<IPEndPoint[]> onResolved, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly TimeSpan ResolveTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EagerInterval = TimeSpan.FromSeconds(1);

    private readonly HashSet<string> _failing = [];
    private readonly SemaphoreSlim _changed = new(0, 1);
    private volatile IReadOnlyList<string> _targets = options.Join;
    private volatile int _defaultPort = options.Bind.Port;

    /// <summary>Replaces what to join.</summary>
    public void SetTargets(IReadOnlyList<string> targets)
    {
        _targets = targets;
        try
        {
            _changed.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // It is about to look anyway, or never again.
        }
    }

    /// <summary>The port of targets without one.</summary>
    public void SetDefaultPort(int port) => _defaultPort = port;

    /// <summary>Resolves until it is cancelled, more often until <paramref name="joined"/>.</summary>
    public async Task RunAsync(Task joined, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            onResolved(await ResolveAsync(cancellation));
            var interval = joined.IsCompletedSuccessfully ? options.RejoinInterval : EagerInterval;
            using var due = new CancellationTokenSource(interval * (0.8 + (0.4 * Random.Shared.NextDouble())), time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellation);
            try
            {
                await _changed.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Time to look again.
            }
        }
    }

    public void Dispose() => _changed.Dispose();

    /// <summary>All addresses of all targets. What can't be resolved now is left out.</summary>
    public async Task<IPEndPoint[]> ResolveAsync(CancellationToken cancellation)
    {
        var resolved = await Task.WhenAll(_targets.Select(target => ResolveAsync(target, cancellation)));
        return [.. resolved.SelectMany(addresses => addresses).Distinct()];
    }

    private async Task<IPEndPoint[]> ResolveAsync(string text, CancellationToken cancellation)
    {
        try
        {
            if (!JoinTarget.TryParse(text, out var target))
                throw new FormatException("neither an address nor a name, with or without a port");
            var port = target.Port ?? _defaultPort;
            using var limit = new CancellationTokenSource(ResolveTimeout, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            var addresses = IPAddress.TryParse(target.Host, out var address)
                ? [address]
                : await options.Resolve(target.Host, either.Token).WaitAsync(either.Token);
            lock (_failing)
                _failing.Remove(text);
            return [.. addresses.Select(a => new IPEndPoint(a.IsIPv4MappedToIPv6 ? a.MapToIPv4() : a, port))];
        }
        catch (Exception exception) when (exception is SocketException or FormatException or ArgumentException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            lock (_failing)
            {
                if (_failing.Add(text))
                    GossipLog.CannotResolve(logger, text, exception is OperationCanceledException ? "no answer in time" : exception.Message);
            }

            return [];
        }
    }
}
