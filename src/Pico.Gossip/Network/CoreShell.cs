using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using Pico.Gossip.Core;
using Pico.Gossip.Sealing;
using Pico.Gossip.Wire;

namespace Pico.Gossip.Network;

/// <summary>
/// What is around the core: the clock, the seals, the socket, the observer. Whoever brings the core an input that may give events takes the turn first, and keeps it until the
/// observer has heard them: so events come in order, and a slow observer slows down the inputs, not the memory. This node's own changes need the gate only.
/// </summary>
internal sealed class CoreShell : IGossipOutput, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<MemberDownReason> _expelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _packet = new byte[PacketSealer.MaxPacket];
    private readonly byte[] _payload = new byte[PacketSealer.MaxPacket];
    private readonly PacketSealer _sealer;
    private readonly EventBuffer _events;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _epoch;
    private readonly long[] _lastDropLog;
    private UdpPort? _port;
    private int _revision = -1;

    public CoreShell(GossipOptions options, MemberRecord self, KeyRing ring, IGossipObserver observer, TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        _epoch = time.GetTimestamp();
        _events = new EventBuffer(observer, logger);
        _sealer = new PacketSealer(ring, self.Tag, (ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue), Counters);
        _lastDropLog = new long[Enum.GetValues<PacketDrop>().Length];
        Array.Fill(_lastDropLog, long.MinValue / 2);
        Core = new GossipCore(CoreOptions.From(options), self, new Random(), this, Counters, 0);
    }

    public GossipCore Core { get; }

    public GossipCounters Counters { get; } = new();

    public ImmutableArray<Member> Members { get; private set; } = [];

    public Task Joined => _joined.Task;

    public Task<MemberDownReason> Expelled => _expelled.Task;

    /// <summary>Completes when the core has ended: left, or expelled.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Asks for an exchange of state; set before the port is opened.</summary>
    public Action<IPEndPoint, ulong>? OnSynchronize { get; set; }

    /// <summary>Milliseconds since the node was made.</summary>
    public long Now => (long)_time.GetElapsedTime(_epoch).TotalMilliseconds;

    /// <summary>From here on packets go out.</summary>
    public void Open(UdpPort port) => _port = port;

    /// <summary>Brings the core an input under the gate, and the observer what comes of it.</summary>
    public async ValueTask InputAsync<TState>(TState state, Action<CoreShell, TState> input, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            lock (Core.Gate)
            {
                input(this, state);
                if (_revision != Core.Table.Revision)
                {
                    _revision = Core.Table.Revision;
                    Members = Core.Table.Snapshot();
                }

                if (Core.HasEnded)
                    _ended.TrySetResult();
            }

            _events.Dispatch();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Changes something of this node's own.</summary>
    public T Change<T>(Func<GossipCore, T> change, bool wake = true)
    {
        T result;
        lock (Core.Gate)
            result = change(Core);
        if (wake)
            Wake();
        return result;
    }

    /// <summary>Replaces the keys.</summary>
    public void SetKeys(KeyRing ring)
    {
        lock (Core.Gate)
            _sealer.SetKeys(ring);
    }

    /// <summary>The core's next moment may have come closer.</summary>
    public void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // It is awake already, or for ever asleep.
        }
    }

    /// <summary>Lets the core do what is due, until it is cancelled or the core has ended.</summary>
    public async Task TickAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested && !Core.HasEnded)
        {
            try
            {
                await InputAsync(0, static (shell, _) => shell.Core.Tick(shell.Now), cancellation);
                var wait = Change(core => core.NextTick, wake: false) - Now;
                if (wait > 0)
                    await WaitAsync(TimeSpan.FromMilliseconds(Math.Min(wait, 60_000)), cancellation);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                GossipLog.LoopFailed(_logger, exception);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, cancellation);
            }
        }
    }

    /// <summary>Takes packets in, until it is cancelled.</summary>
    public async Task ReceiveAsync(UdpPort port, CancellationToken cancellation)
    {
        // One byte more than a packet may have shows that one has more.
        var buffer = new byte[PacketSealer.MaxPacket + 1];
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var (length, from) = await port.ReceiveAsync(buffer, cancellation);
                Counters.Received(length);
                await InputAsync((buffer, length, from), static (shell, packet) => shell.Receive(packet.buffer.AsSpan(0, packet.length), packet.from), cancellation);
                Wake();
            }
            catch (Exception exception) when (exception is not OperationCanceledException and not ObjectDisposedException)
            {
                GossipLog.LoopFailed(_logger, exception);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, cancellation);
            }
        }
    }

    /// <summary>Counts something that was thrown away, and says so once a minute for each reason.</summary>
    public void Drop(PacketDrop reason, EndPoint from)
    {
        Counters.Drop(reason);
        LogDrop(reason, from);
    }

    public void Dispose()
    {
        lock (Core.Gate)
        {
            Core.Stop();
            _sealer.Dispose();
        }

        _turn.Dispose();
        _wake.Dispose();
        _joined.TrySetCanceled();
        _expelled.TrySetCanceled();
        _ended.TrySetResult();
    }

    void IGossipOutput.Send(IPEndPoint to, ulong tag, ReadOnlySpan<byte> payload)
    {
        if (_port is not { } port)
            return;
        var length = _sealer.Seal(tag, payload, _packet);
        Counters.Sent(length);
        port.Send(to, _packet.AsSpan(0, length));
    }

    void IGossipOutput.Synchronize(IPEndPoint to, ulong tag) => OnSynchronize!(to, tag);

    void IGossipOutput.Joined()
    {
        if (_joined.TrySetResult() && Core is { } core)
            GossipLog.Joined(_logger, core.Table.Up.Count - 1);
    }

    void IGossipOutput.Expelled(MemberDownReason reason)
    {
        GossipLog.Expelled(_logger, Core.Self.Record.Life, reason);
        _expelled.TrySetResult(reason);
    }

    void IGossipOutput.MemberUp(Member member) => _events.MemberUp(member);

    void IGossipOutput.MemberDown(Member member, MemberDownReason reason) => _events.MemberDown(member, reason);

    void IGossipOutput.ValueSet(Member member, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _events.ValueSet(member, key, value);

    void IGossipOutput.ValueRemoved(Member member, ReadOnlySpan<byte> key) => _events.ValueRemoved(member, key);

    private void Receive(ReadOnlySpan<byte> packet, IPEndPoint from)
    {
        if (Core.HasEnded)
            return;
        if (_sealer.TryOpen(Now, packet, _payload, out var opened, out var reason))
            Core.Receive(Now, from, opened.Sender, opened.IsGreeting, _payload.AsSpan(0, opened.Length));
        else
            LogDrop(reason, from);
    }

    private void LogDrop(PacketDrop reason, EndPoint from)
    {
        var now = Now;
        if (now - Volatile.Read(ref _lastDropLog[(int)reason]) < 60_000)
            return;
        Volatile.Write(ref _lastDropLog[(int)reason], now);
        GossipLog.Dropping(_logger, reason, Counters.Dropped(reason), from);
    }

    private async Task WaitAsync(TimeSpan wait, CancellationToken cancellation)
    {
        using var due = new CancellationTokenSource(wait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellation);
        try
        {
            await _wake.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Time is up.
        }
    }
}
