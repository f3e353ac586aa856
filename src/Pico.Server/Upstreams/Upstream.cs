using System.Diagnostics;
using System.Net;
using Pico.Server.Proxy;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>
/// Where a stream to an endpoint can be opened: one registered listener behind a tunnel of this node, or another node that has some. There may be a
/// million of the latter, few of them in use: what only a used one needs is made when it is.
/// </summary>
internal abstract class Upstream(string endpointId, EndpointProtocol protocol, TimeProvider time)
{
    private IdleStreams? _idle;
    private Ejection? _ejection; // made by the first failure
    private Action? _onWithdrawn;
    private int _outstanding;
    private volatile bool _withdrawn;

    /// <summary>The endpoint, in lower case.</summary>
    public string EndpointId { get; } = endpointId;

    /// <summary>What the service speaks.</summary>
    public EndpointProtocol Protocol { get; } = protocol;

    /// <summary>How far it is.</summary>
    public virtual Proximity Proximity => Proximity.Here;

    /// <summary>How many registered listeners it stands for, at least 1: what it has in flight is measured by that.</summary>
    public virtual int Weight => 1;

    /// <summary>Idle HTTP/1.1 streams to the service, kept for the next request.</summary>
    public IdleStreams Idle => Volatile.Read(ref _idle) ?? MakeIdle();

    /// <summary>How many streams are idle.</summary>
    public int IdleCount => Volatile.Read(ref _idle)?.Count ?? 0;

    /// <summary>Requests and streams in flight through this upstream.</summary>
    public int Outstanding => Volatile.Read(ref _outstanding);

    /// <summary>True while new streams may be opened.</summary>
    public virtual bool IsOpen => !_withdrawn;

    /// <summary>True once <see cref="Withdraw"/> was called.</summary>
    public bool IsWithdrawn => _withdrawn;

    /// <summary>The node that holds the tunnel; empty for this one.</summary>
    public virtual string NodeId => "";

    /// <summary>The name of the agent behind it; empty if another node holds the tunnel.</summary>
    public virtual string AgentName => "";

    /// <summary>The ID of the agent's process; empty if another node holds the tunnel.</summary>
    public virtual string AgentId => "";

    /// <summary>For logs and status: agent, tunnel, address.</summary>
    public abstract string Description { get; }

    /// <summary>True while the upstream is to be left out unless there is no other.</summary>
    public virtual bool IsEjected => Volatile.Read(ref _ejection)?.IsEjected ?? false;

    /// <summary>The timestamp until which it is left out: of ejected ones the earliest is used first.</summary>
    public virtual long EjectedUntil => Volatile.Read(ref _ejection)?.Until ?? 0;

    /// <summary>True if the upstream may be used: it isn't left out, or the caller is now the one that probes it.</summary>
    public virtual bool TryTake() => Volatile.Read(ref _ejection)?.TryTake() ?? true;

    /// <summary>An open succeeded. True if the upstream was left out until now.</summary>
    public bool OpenSucceeded() => Volatile.Read(ref _ejection)?.Succeeded() ?? false;

    /// <summary>An open failed: the upstream is left out for a while. True if it was in use until now.</summary>
    public virtual bool OpenFailed(StreamError error) => (Volatile.Read(ref _ejection) ?? Make(ref _ejection, new Ejection(time))).Failed();

    /// <summary>An open was given up before anything was known.</summary>
    public void OpenAbandoned() => Volatile.Read(ref _ejection)?.Abandoned();

    /// <summary>No new streams from now on, and the idle ones are closed; those in use live on.</summary>
    public void Withdraw()
    {
        _withdrawn = true;
        CloseIdle();
        Interlocked.Exchange(ref _onWithdrawn, null)?.Invoke();
    }

    /// <summary>Closes the idle streams, and those that are idle later.</summary>
    public void CloseIdle() => Volatile.Read(ref _idle)?.Close();

    /// <summary>Has <paramref name="callback"/> called when the upstream is withdrawn, at once if it is. One callback for each upstream.</summary>
    public void OnWithdrawn(Action callback)
    {
        Interlocked.Exchange(ref _onWithdrawn, callback);
        if (_withdrawn)
            Interlocked.Exchange(ref _onWithdrawn, null)?.Invoke();
    }

    /// <summary>
    /// Counts a request in; or gives the error to refuse it with if no other upstream takes it, since this one takes no more just now. Every success is paired with one
    /// <see cref="EndRequest"/>.
    /// </summary>
    public virtual ProxyError BeginRequest()
    {
        Interlocked.Increment(ref _outstanding);
        return ProxyError.None;
    }

    /// <summary>Counts a request out.</summary>
    public virtual void EndRequest() => Interlocked.Decrement(ref _outstanding);

    /// <summary>
    /// Opens a new stream to the service. Throws <see cref="StreamException"/>: nothing was sent then, so another upstream may be tried.
    /// </summary>
    /// <param name="client">The client's address, if the stream is for this client's connection alone.</param>
    /// <param name="trace">The span that it is opened for, if any: another node continues that trace.</param>
    /// <param name="cancellationToken">Nobody waits any more.</param>
    public abstract ValueTask<TunnelStream> OpenAsync(IPEndPoint? client, ActivityContext trace, CancellationToken cancellationToken);

    /// <summary>False while streams that become idle are closed instead.</summary>
    protected virtual bool KeepsIdle => IsOpen;

    private IdleStreams MakeIdle()
    {
        var idle = Make(ref _idle, new IdleStreams(time));
        if (!KeepsIdle)
            idle.Close();
        return idle;
    }

    private static T Make<T>(ref T? field, T made)
        where T : class => Interlocked.CompareExchange(ref field, made, null) ?? made;
}
