using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Pico.Gossip.Core;
using Pico.Gossip.Sealing;

namespace Pico.Gossip.Network;

/// <summary>Exchanges of state over TCP: those that the core asks for, and those that others begin. Every step has a time-out, and others get a bounded number at once.</summary>
internal sealed class Synchronizer(CoreShell shell, Func<KeyRing> ring, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int MaxCallers = 16;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private Task _calls = Task.CompletedTask; // under the core's gate; the core has two at once at the most
    private int _callers;

    /// <summary>Begins an exchange with a member; the core hears of its end in any case. Called under the core's gate.</summary>
    public void Call(IPEndPoint to, ulong tag)
    {
        var call = Task.Run(() => CallAsync(to, tag));
        _calls = _calls.IsCompleted ? call : Task.WhenAll(_calls, call);
    }

    /// <summary>Serves a caller. Never throws for what the caller does.</summary>
    public async Task AcceptAsync(Stream connection, EndPoint remote, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref _callers) > MaxCallers)
        {
            Interlocked.Decrement(ref _callers);
            shell.Drop(PacketDrop.Overloaded, remote);
            return;
        }

        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
            using var deadline = new Deadline(time, stop.Token);
            var (stream, reason) = await SyncStream.AnswerAsync(connection, ring(), shell.Core.Self.Tag, deadline.Within(ConnectTimeout));
            if (stream is null)
                shell.Drop(reason, remote);
            else
                await ConverseAsync(stream, isCaller: false, remote, deadline, stop.Token);
        }
        catch (Exception exception) when (IsOfTheConnection(exception))
        {
            Failed(remote, exception);
        }
        finally
        {
            Interlocked.Decrement(ref _callers);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await shell.Change(_ => _calls, wake: false);
        _stopping.Dispose();
    }

    private async Task CallAsync(IPEndPoint to, ulong tag)
    {
        var complete = false;
        try
        {
            var stop = _stopping.Token;
            using var deadline = new Deadline(time, stop);
            using var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(to, deadline.Within(ConnectTimeout));
            await using var connection = new NetworkStream(socket);
            var stream = await SyncStream.CallAsync(connection, ring(), tag, deadline.Within(ConnectTimeout));
            complete = await ConverseAsync(stream, isCaller: true, to, deadline, stop);
        }
        catch (Exception exception) when (IsOfTheConnection(exception))
        {
            Failed(to, exception);
        }

        await shell.InputAsync(complete, static (shell, complete) => shell.Core.SyncEnded(shell.Now, complete), CancellationToken.None);
        shell.Wake();
    }

    private async Task<bool> ConverseAsync(SyncStream stream, bool isCaller, EndPoint remote, Deadline deadline, CancellationToken stop)
    {
        using var _ = stream;
        var frame = new byte[SyncConversation.MaxFrame];
        var conversation = shell.Change(core => core.OpenSync(isCaller), wake: false);
        while (!conversation.IsComplete && !conversation.IsBroken)
        {
            if (conversation.IsWriting)
            {
                var length = shell.Change(_ => conversation.TryWrite(frame), wake: false);
                await stream.WriteAsync(frame.AsMemory(0, length), deadline.Within(StepTimeout));
            }
            else
            {
                var length = await stream.ReadAsync(frame, deadline.Within(StepTimeout));
                await shell.InputAsync((conversation, frame, length), static (shell, i) => i.conversation.Receive(shell.Now, i.frame.AsSpan(0, i.length)), stop);
                shell.Wake();
            }
        }

        shell.Counters.Streamed(stream.BytesReceived, stream.BytesSent);
        shell.Counters.SyncEnded(conversation.IsComplete);
        if (conversation.IsBroken)
            GossipLog.SyncFailed(logger, remote, "the other side sent what cannot be, or forgot what was asked for");
        return conversation.IsComplete;
    }

    private void Failed(EndPoint remote, Exception exception)
    {
        shell.Counters.SyncEnded(complete: false);
        if (exception is AuthenticationTagMismatchException)
            shell.Drop(PacketDrop.NotAuthentic, remote);
        GossipLog.SyncFailed(logger, remote, exception.Message);
    }

    private static bool IsOfTheConnection(Exception exception) =>
        exception is IOException or SocketException or OperationCanceledException or InvalidDataException or CryptographicException or ObjectDisposedException;

    /// <summary>A token that each step winds up anew.</summary>
    private sealed class Deadline(TimeProvider time, CancellationToken stop) : IDisposable
    {
        private CancellationTokenSource? _timer;
        private CancellationTokenSource? _linked;

        public CancellationToken Within(TimeSpan limit)
        {
            Dispose();
            _timer = new CancellationTokenSource(limit, time);
            _linked = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, stop);
            return _linked.Token;
        }

        public void Dispose()
        {
            _linked?.Dispose();
            _timer?.Dispose();
        }
    }
}
