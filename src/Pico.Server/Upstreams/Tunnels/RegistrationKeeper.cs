using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pico.Server.Auth.Ownership;
using Pico.Server.Hosting;

namespace Pico.Server.Upstreams.Tunnels;

/// <summary>
/// Keeps running registrations true to who has which endpoint ID (<see cref="IEndpointClaims"/>): when that changes, those that would be refused now are ended, with the reason; the agent asks again
/// from time to time. Streams that are open live on.
/// </summary>
internal sealed partial class RegistrationKeeper(
    UpstreamOptions options, TunnelSet tunnels, TunnelAdmission admission, RouteTable routes, TimeProvider time, ILogger<RegistrationKeeper> logger) : IDisposable
{
    /// <summary>How long the start waits for the claims: agents that come before those are known are refused, and ask again later.</summary>
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<string> _changed = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Begins to follow the claims, if there is somebody who knows them, and waits a while for them to be known.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Claims is not { } claims)
            return;
        claims.Changed += Note;
        _ = RunAsync(claims);
        try
        {
            await claims.Known.WaitAsync(StartPatience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            LogNotKnown();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (options.Claims is { } claims)
            claims.Changed -= Note;
        _changed.Writer.TryComplete();
        _stop.Cancel();
        _stop.Dispose();
    }

    private void Note(string endpointId) => _changed.Writer.TryWrite(endpointId);

    private async Task RunAsync(IEndpointClaims claims)
    {
        var keeping = KeepAsync();
        try
        {
            await claims.RunAsync(_stop.Token);
        }
        catch (Exception exception)
        {
            LogFailed(exception);
        }

        await keeping;
    }

    private async Task KeepAsync()
    {
        var ids = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (await _changed.Reader.WaitToReadAsync())
        {
            // Many at once, such as after an outage, are one look at the registrations.
            ids.Clear();
            while (_changed.Reader.TryRead(out var id))
                ids.Add(id);
            foreach (var tunnel in tunnels.All)
                TryJudge(tunnel, ids);
        }
    }

    // A fault with one must not let all others keep what is no longer theirs.
    private void TryJudge(TunnelRecord tunnel, HashSet<string> endpointIds)
    {
        try
        {
            Judge(tunnel, endpointIds);
        }
        catch (Exception exception)
        {
            LogNotJudged(exception, tunnel.Connection.Remote.Name, tunnel.Connection.Remote.Id);
        }
    }

    private void Judge(TunnelRecord tunnel, HashSet<string> endpointIds)
    {
        foreach (var (id, upstream) in tunnel.Upstreams)
        {
            if (!endpointIds.Contains(upstream.EndpointId) || admission.JudgeOwner(tunnel, upstream.EndpointId) is not { } reason || !tunnel.Upstreams.TryRemove(id, out _))
                continue;
            routes.Withdraw(upstream);
            tunnel.Connection.EndRegistration(id, reason);
            LogEnded(tunnel.Connection.Remote.Name, tunnel.Connection.Remote.Id, upstream.EndpointId, reason);
        }
    }

    [LoggerMessage(2321, LogLevel.Warning, "The registration of {Endpoint} by agent {Agent} ({AgentId}) is ended: {Reason}")]
    private partial void LogEnded(string agent, string agentId, string endpoint, string reason);

    [LoggerMessage(2322, LogLevel.Warning, "Which namespace has which endpoint is not known: agents register none by their ServiceAccount until it is. The server needs the verbs list and watch on "
        + "picoendpoints (pico.dev), and goes on trying.")]
    private partial void LogNotKnown();

    [LoggerMessage(2323, LogLevel.Error, "Following which namespace has which endpoint has ended.")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(2324, LogLevel.Error, "Whether agent {Agent} ({AgentId}) may keep what it registered could not be judged by a fault of this node's own; what it has stays until the next change.")]
    private partial void LogNotJudged(Exception exception, string agent, string agentId);
}
