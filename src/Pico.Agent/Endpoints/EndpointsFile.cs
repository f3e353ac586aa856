using System.Text;
using Microsoft.Extensions.Logging;

namespace Pico.Agent.Endpoints;

/// <summary>
/// Follows the endpoints file: reads it when the file system says that something in its folder changed, and every few seconds anyway, since a
/// link may lead to a folder that is not watched (Kubernetes replaces <c>..data</c>, whose folder is). What is broken is said, and what was
/// read last stays in force, also when the file goes away.
/// </summary>
internal sealed partial class EndpointsFile(string path, EndpointTable table, IReadOnlyList<EndpointSpec> fromFlags, TimeProvider time, ILogger logger)
{
    private const int MaxSize = 1024 * 1024;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    // An editor or the kubelet changes several things at once.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(100);

    // Used by Load and by the loop after it, one at a time.
    private string? _content;
    private bool _wasRead;
    private string? _unreadable;

    /// <summary>Reads the file for the first time. A file that is not there yet is waited for; a broken one gives its errors.</summary>
    public IReadOnlyList<string> Load()
    {
        var errors = new List<string>();
        Read(errors);
        return errors;
    }

    /// <summary>Follows the file until <paramref name="stop"/>.</summary>
    public async Task WatchAsync(CancellationToken stop)
    {
        using var changed = new SemaphoreSlim(0, 1);
        using var watcher = TryWatch(changed);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await WaitAsync(changed, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            var errors = new List<string>();
            Read(errors);
            foreach (var error in errors)
                LogBroken(error);
        }
    }

    private async Task WaitAsync(SemaphoreSlim changed, CancellationToken stop)
    {
        using var poll = new CancellationTokenSource(PollInterval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(poll.Token, stop);
        try
        {
            await changed.WaitAsync(either.Token).ConfigureAwait(false);
            await Task.Delay(SettleTime, time, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Time to poll.
        }
    }

    private void Read(List<string> errors)
    {
        string content;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > MaxSize)
                throw new IOException($"it is larger than {MaxSize} bytes");
            using var reader = new StreamReader(file, Encoding.UTF8);
            content = reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            ReportUnreadable(e);
            return;
        }

        _unreadable = null;
        if (_wasRead && content == _content)
            return;
        _wasRead = true;
        _content = content;
        Apply(content, errors);
    }

    private void ReportUnreadable(Exception e)
    {
        if (_unreadable == e.Message)
            return;
        _unreadable = e.Message;
        if (_wasRead)
            LogGone(path, e.Message);
        else
            LogMissing(path, e.Message);
    }

    private void Apply(string content, List<string> errors)
    {
        var before = errors.Count;
        using var reader = new StringReader(content);
        var specs = EndpointFileParser.Parse(reader, path, errors);
        EndpointSpecParser.RefuseDuplicates([.. fromFlags, .. specs], errors);
        if (errors.Count > before)
            return;
        table.Update([.. fromFlags, .. specs]);
        LogRead(path, specs.Count);
    }

    private FileSystemWatcher? TryWatch(SemaphoreSlim changed)
    {
        try
        {
            var watcher = new FileSystemWatcher(Path.GetDirectoryName(Path.GetFullPath(path))!);
            watcher.Changed += Signal;
            watcher.Created += Signal;
            watcher.Deleted += Signal;
            watcher.Renamed += Signal;
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            LogNotWatched(path, e.Message, PollInterval.TotalSeconds);
            return null;
        }

        void Signal(object sender, FileSystemEventArgs e)
        {
            // Events come one at a time; the count may still be stale when the reader just took it, which only means a poll too many.
            if (changed.CurrentCount == 0)
                changed.Release();
        }
    }

    [LoggerMessage(3101, LogLevel.Information, "Read {Count} endpoints from {File}")]
    private partial void LogRead(string file, int count);

    [LoggerMessage(3102, LogLevel.Error, "The endpoints file is broken, what was in force stays: {Error}")]
    private partial void LogBroken(string error);

    [LoggerMessage(3103, LogLevel.Warning, "The endpoints file {File} cannot be read yet; it is waited for: {Reason}")]
    private partial void LogMissing(string file, string reason);

    [LoggerMessage(3104, LogLevel.Error, "The endpoints file {File} can no longer be read, what was in force stays: {Reason}")]
    private partial void LogGone(string file, string reason);

    [LoggerMessage(3105, LogLevel.Warning, "Changes of {File} are not reported by the system ({Reason}); it is read every {Seconds} s")]
    private partial void LogNotWatched(string file, string reason, double seconds);
}
