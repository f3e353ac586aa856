using System.Collections.Immutable;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using Pico.Gossip.Network;
using Pico.Gossip.Sealing;
using Pico.Gossip.Wire;

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
public sealed class GossipNode : IAsyncDisposable
{
    /// <summary>What a key may have, in bytes of UTF-8; at least one.</summary>
    public const int MaxKeyBytes = 255;

    /// <summary>What a value may have, in bytes; none is a value too.</summary>
    public const int MaxValueBytes = 768;

    /// <summary>How many keys a member may have.</summary>
    public const int MaxKeys = 200_000;

    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private readonly GossipOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CoreShell _shell;
    private readonly Synchronizer _synchronizer;
    private readonly JoinResolver _resolver;
    private volatile KeyRing _ring;
    private UdpPort? _port;
    private Task _running = Task.CompletedTask;
    private int _disposed;

    /// <summary>Makes a node that is not started. Throws <see cref="ArgumentException"/> if its ID is empty or too long.</summary>
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
        if (Encoding.UTF8.GetByteCount(options.Life.NodeId) is 0 or > NodeLife.MaxNodeIdBytes)
            throw new ArgumentException($"A node ID has 1 to {NodeLife.MaxNodeIdBytes} bytes.", nameof(options));
        _options = options;
        _time = time;
        _logger = loggers.CreateLogger<GossipNode>();
        _ring = new KeyRing(options.Keys);
        var record = new MemberRecord(options.Life, MemberUpdate.TagOf(options.Life), options.Advertise ?? options.Bind, MemberRecord.OwnVersions);
        _shell = new CoreShell(options, record, _ring, observer, time, _logger);
        _synchronizer = new Synchronizer(_shell, () => _ring, time, _logger);
        _shell.OnSynchronize = _synchronizer.Call;
        _resolver = new JoinResolver(options, UseAddresses, time, _logger);
    }

    /// <summary>This node. Its address is the advertised one, known after <see cref="StartAsync"/>.</summary>
    public Member Self => _shell.Core.Self.Member;

    /// <summary>The other members: those that are up, and those that failed and are still looked for. A new array on each change.</summary>
    public ImmutableArray<Member> Members => _shell.Members;

    /// <summary>
    /// Completes when this node has found a member and has all of the state that it had, or at once when there is nobody to join. Never fails, except by cancellation when the
    /// node is disposed of before. Whoever doesn't want to wait for ever gives the wait a time-out.
    /// </summary>
    public Task Joined => _shell.Joined;

    /// <summary>
    /// Completes if the cluster holds this life to be over although it goes on: a later life of the same node is up, or somebody declared it dead. From then on the node neither
    /// hears nor tells anything. Cancelled when the node is disposed of.
    /// </summary>
    public Task<MemberDownReason> Expelled => _shell.Expelled;

    /// <summary>What was counted.</summary>
    public GossipCounters Counters => _shell.Counters;

    internal CoreShell Shell => _shell;

    /// <summary>Opens the UDP port and begins to join. Throws <see cref="System.Net.Sockets.SocketException"/> if the port cannot be had.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        if (!_ring.IsSealing)
            GossipLog.NoKey(_logger);
        var port = _port = new UdpPort(_options.Bind, _logger);
        _resolver.SetDefaultPort(port.Bound.Port);
        var address = _options.Advertise ?? AdvertisedAddress.Find(port.Bound, await _resolver.ResolveAsync(cancellation));
        if (address.Port == 0)
            address = new IPEndPoint(address.Address, port.Bound.Port);
        _shell.Change(core => core.Relocate(address), wake: false);
        _shell.Open(port);
        GossipLog.Started(_logger, port.Bound, address, _options.Life);
        var stop = _stopping.Token;
        _running = Task.WhenAll(
            Task.Run(() => _shell.TickAsync(stop), CancellationToken.None),
            Task.Run(() => _shell.ReceiveAsync(port, stop), CancellationToken.None),
            Task.Run(() => _resolver.RunAsync(_shell.Joined, stop), CancellationToken.None));
    }

    /// <summary>
    /// Sets one of this node's own values; the same value again does nothing. Throws <see cref="ArgumentException"/> beyond <see cref="MaxKeyBytes"/> and
    /// <see cref="MaxValueBytes"/>, <see cref="InvalidOperationException"/> beyond <see cref="MaxKeys"/>.
    /// </summary>
    public void Set(string key, ReadOnlySpan<byte> value)
    {
        if (value.Length > MaxValueBytes)
            throw new ArgumentException($"A value has at most {MaxValueBytes} bytes, not {value.Length}.", nameof(value));
        var utf8 = KeyOf(key);
        lock (_shell.Core.Gate)
            _shell.Core.Set(utf8, value);
        _shell.Wake();
    }

    /// <summary>Removes one of this node's own values. False if there was none.</summary>
    public bool Remove(string key)
    {
        var utf8 = KeyOf(key);
        return _shell.Change(core => core.Remove(utf8));
    }

    /// <summary>
    /// Tells the others that this life ends, and returns when they know (or some of them, who tell the rest), or after two seconds. From then on this node neither hears nor tells
    /// anything: a server that drains removes its values first, and leaves when it needs the others' no longer.
    /// </summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        await _shell.InputAsync(0, static (shell, _) => shell.Core.Leave(shell.Now), cancellation);
        _shell.Wake();
        try
        {
            await _shell.Ended.WaitAsync(LeaveTimeout, _time, cancellation);
        }
        catch (TimeoutException)
        {
            lock (_shell.Core.Gate)
                _shell.Core.Stop(); // nobody answers: they will find out
        }
    }

    /// <summary>Says that a life is over: it is down everywhere at once, and never comes back. Nothing for this node's own life and for one that is known to be over.</summary>
    public void DeclareDead(NodeLife life) => _shell.Change(core => core.DeclareDead(life));

    /// <summary>Replaces <see cref="GossipOptions.Join"/>.</summary>
    public void SetJoinTargets(IReadOnlyList<string> targets)
    {
        ArgumentNullException.ThrowIfNull(targets);
        _resolver.SetTargets(targets);
    }

    /// <summary>
    /// Replaces <see cref="GossipOptions.Keys"/>. To rotate without a gap: everywhere add the new key behind the old one, then everywhere put it first, then everywhere drop the old.
    /// </summary>
    public void SetKeys(IReadOnlyList<GossipKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _ring = new KeyRing(keys);
        _shell.SetKeys(_ring);
    }

    /// <summary>
    /// Serves a connection that came in on the gossip port and is no TLS connection: another node's exchange of state. Returns when it is over, never fails for what the other side
    /// does. The caller closes the connection.
    /// </summary>
    public Task AcceptAsync(Stream connection, EndPoint remote, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(remote);
        return _synchronizer.AcceptAsync(connection, remote, cancellation);
    }

    /// <summary>Stops without telling anybody (see <see cref="LeaveAsync"/>) and closes the port.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _synchronizer.DisposeAsync();
        _resolver.Dispose();
        _shell.Dispose();
        _port?.Dispose();
        _stopping.Dispose();
    }

    private void UseAddresses(IPEndPoint[] addresses) => _shell.Change(core => core.SetJoinAddresses(addresses));

    private static byte[] KeyOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var utf8 = Encoding.UTF8.GetBytes(key);
        return utf8.Length is 0 or > MaxKeyBytes ? throw new ArgumentException($"A key has 1 to {MaxKeyBytes} bytes of UTF-8, not {utf8.Length}.", nameof(key)) : utf8;
    }
}
