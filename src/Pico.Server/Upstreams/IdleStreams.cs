using System.Diagnostics.CodeAnalysis;
using Pico.Tunnel;

namespace Pico.Server.Upstreams;

/// <summary>
/// Idle HTTP/1.1 streams of one upstream, last in first out, so that those beyond the need grow old and are closed. A timer looks for those while there are
/// any, so that upstreams at rest cost nothing, however many there are.
/// </summary>
internal sealed class IdleStreams(TimeProvider time)
{
    /// <summary>How many streams are kept; more than the streams in flight that a busy upstream has is of no use.</summary>
    public const int MaxCount = 256;

    /// <summary>How long a stream is kept: under the 75 s after which common services close an idle connection.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(60);

    /// <summary>How often the streams are looked at.</summary>
    public static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _access = new();
    private ITimer? _timer;        // under _access; there while a stream is, or was at the last look
    private Entry[] _entries = []; // under _access; the oldest first
    private int _count;            // under _access
    private bool _closed;          // under _access

    /// <summary>How many are idle now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes an idle stream that the service has not closed; the caller owns it.</summary>
    public bool TryRent([NotNullWhen(true)] out TunnelStream? stream)
    {
        while (TryPop(out stream))
        {
            if (IsUnused(stream))
                return true;
            Dispose(stream);
        }

        return false;
    }

    /// <summary>Keeps a stream whose last response was read to its end; disposes of it when there are enough, or when it was closed.</summary>
    public void Return(TunnelStream stream)
    {
        if (stream.IsInputClosed || !TryPush(stream))
            Dispose(stream);
    }

    /// <summary>Closes the streams that are too old or were closed by the service.</summary>
    public void Trim()
    {
        if (Count == 0)
            return;

        List<TunnelStream>? dropped = null;
        lock (_access)
        {
            var kept = 0;
            for (var i = 0; i < _count; i++)
            {
                var entry = _entries[i];
                if (time.GetElapsedTime(entry.Since) >= MaxAge || entry.Stream.IsInputClosed)
                    (dropped ??= []).Add(entry.Stream);
                else
                    _entries[kept++] = entry;
            }

            Array.Clear(_entries, kept, _count - kept);
            _count = kept;
            if (kept == 0)
                _entries = [];
        }

        foreach (var stream in dropped ?? [])
            Dispose(stream);
    }

    /// <summary>Closes all, and from now on whatever is returned.</summary>
    public void Close()
    {
        lock (_access)
        {
            _closed = true;
        }

        while (TryPop(out var stream))
            Dispose(stream);
        Rest();
    }

    // A service that sends something nobody asked for (or closes) has made the stream useless: it would be taken for the next answer.
    private static bool IsUnused(TunnelStream stream)
    {
        if (stream.IsInputClosed)
            return false;
        try
        {
            return !stream.Input.TryRead(out _);
        }
        catch (StreamException)
        {
            return false;
        }
    }

    private bool TryPop([NotNullWhen(true)] out TunnelStream? stream)
    {
        lock (_access)
        {
            stream = _count == 0 ? null : _entries[--_count].Stream;
            if (stream is not null)
                _entries[_count] = default;
        }

        return stream is not null;
    }

    private bool TryPush(TunnelStream stream)
    {
        lock (_access)
        {
            if (_closed || _count == MaxCount)
                return false;
            if (_count == _entries.Length)
                Array.Resize(ref _entries, Math.Max(4, _count * 2));
            _entries[_count++] = new Entry(stream, time.GetTimestamp());
            _timer ??= time.CreateTimer(static state => ((IdleStreams)state!).Look(), this, TrimInterval, TrimInterval);
            return true;
        }
    }

    private void Look()
    {
        Trim();
        Rest();
    }

    /// <summary>Stops the timer if there is nothing to look at.</summary>
    private void Rest()
    {
        ITimer? timer = null;
        lock (_access)
        {
            if (_count == 0)
                (timer, _timer) = (_timer, null);
        }

        timer?.Dispose();
    }

    // Disposing waits for nothing that a request should wait for, and has nobody to tell.
    private static void Dispose(TunnelStream stream) => _ = stream.DisposeAsync().AsTask();

    private readonly record struct Entry(TunnelStream Stream, long Since);
}
