using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Pico.Gossip;

/// <summary>
/// This node's part in the gossip: who is a member, and what each member says of itself. Safe from any thread.
/// <code>
/// var node = new GossipNode(options, observer, TimeProvider.System, loggers);
/// await node.StartAsync(cancellation);          // the UDP port is open, joining has begun
/// node.Set("orders", [1]);                      // everybody hears of it within a second
/// …
/// await node.LeaveAsync(cancellation);          // told; the last thing before the end
/// await node.DisposeAsync();
/// </code>
/// The owner listens on the same port for TCP and gives connections that are no peer links to <see cref="AcceptAsync"/>.
/// </summary>
#pragma warning disable CA1822
public sealed class GossipNode : IAsyncDisposable, IMemberValues
{
    /// <summary>What a key may have, in bytes of UTF-8; at least one.</summary>
    public const int MaxKeyBytes = 255;

    /// <summary>What a value may have, in bytes; none is a value too.</summary>
    public const int MaxValueBytes = 768;

    /// <summary>How many keys a member may have.</summary>
    public const int MaxKeys = 200_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, byte[]> _own = new(StringComparer.Ordinal);
    private readonly IPEndPoint _address;
    private ImmutableArray<Member> _members = [];

    /// <summary>Makes a node that is not started.</summary>
    /// <param name="options">How it takes part.</param>
    /// <param name="observer">Who hears what changes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where it logs.</param>
    public GossipNode(GossipOptions options, IGossipObserver observer, TimeProvider time, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(observer);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(loggers);
        _address = options.Advertise ?? options.Bind;
        Self = new Member(options.Life, _address, this, MemberState.Alive);
    }

    /// <summary>This node. Its address is the advertised one, known after <see cref="StartAsync"/>.</summary>
    public Member Self { get; private set; }

    /// <summary>The other members: those that are up, and those that failed and are still looked for. A new array on each change.</summary>
    public ImmutableArray<Member> Members => _members;

    /// <summary>
    /// Completes when this node has found a member and has all of the state that it had, or at once when there is nobody to join. Never fails, except by cancellation when the
    /// node is disposed of before. Whoever doesn't want to wait for ever gives the wait a time-out.
    /// </summary>
    public Task Joined { get; private set; } = Task.CompletedTask;

    /// <summary>What was counted.</summary>
    public GossipCounters Counters { get; } = new();

    /// <summary>Opens the UDP port and begins to join. Throws <see cref="System.Net.Sockets.SocketException"/> if the port cannot be had.</summary>
    public Task StartAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Sets one of this node's own values; the same value again does nothing. Throws <see cref="ArgumentException"/> beyond <see cref="MaxKeyBytes"/> and
    /// <see cref="MaxValueBytes"/>, <see cref="InvalidOperationException"/> beyond <see cref="MaxKeys"/>.
    /// </summary>
    public void Set(string key, ReadOnlySpan<byte> value)
    {
        lock (_gate)
            _own[key] = value.ToArray();
    }

    /// <summary>Removes one of this node's own values. False if there was none.</summary>
    public bool Remove(string key)
    {
        lock (_gate)
            return _own.Remove(key);
    }

    /// <summary>
    /// Tells the others that this life ends, and returns when they know (or some of them, who tell the rest), or after two seconds. From then on this node neither hears nor tells
    /// anything: a server that drains removes its values first, and leaves when it needs the others' no longer.
    /// </summary>
    public Task LeaveAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.CompletedTask;
    }

    /// <summary>Says that a life is over: it is down everywhere at once, and never comes back. Nothing for this node's own life and for one that is known to be over.</summary>
    public void DeclareDead(NodeLife life)
    {
        lock (_gate)
            _members = _members.RemoveAll(m => m.Life == life);
    }

    /// <summary>Replaces <see cref="GossipOptions.Join"/>.</summary>
    public void SetJoinTargets(IReadOnlyList<string> targets) => ArgumentNullException.ThrowIfNull(targets);

    /// <summary>
    /// Replaces <see cref="GossipOptions.Keys"/>. To rotate without a gap: everywhere add the new key behind the old one, then everywhere put it first, then everywhere drop the old.
    /// </summary>
    public void SetKeys(IReadOnlyList<GossipKey> keys) => ArgumentNullException.ThrowIfNull(keys);

    /// <summary>
    /// Serves a connection that came in on the gossip port and is no TLS connection: another node's exchange of state. Returns when it is over, never fails for what the other side
    /// does. The caller closes the connection.
    /// </summary>
    public Task AcceptAsync(Stream connection, EndPoint remote, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(remote);
        cancellation.ThrowIfCancellationRequested();
        return Task.CompletedTask;
    }

    /// <summary>Stops without telling anybody (see <see cref="LeaveAsync"/>) and closes the port.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    int IMemberValues.Count
    {
        get
        {
            lock (_gate)
                return _own.Count;
        }
    }

    bool IMemberValues.TryGet(string key, out byte[] value)
    {
        lock (_gate)
            return _own.TryGetValue(key, out value!);
    }

    IReadOnlyDictionary<string, byte[]> IMemberValues.ToDictionary()
    {
        lock (_gate)
            return new Dictionary<string, byte[]>(_own, StringComparer.Ordinal);
    }
}
