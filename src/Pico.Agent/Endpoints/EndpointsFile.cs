using System.Text;
using Microsoft.Extensions.Logging;

namespace Pico.Agent.Endpoints;

/// <summary>
/// Follows the endpoints file: reads it when the file system says that something in its folder changed, and every few seconds anyway, since a
/// link may lead to a folder that is not watched (Kubernetes replaces <c>..data</c>, whose folder is). What is broken is said, and what was
/// read last stays in force, also when the file goes away. With a file of the pod's labels, the file is one that several pods share: of its endpoints those are
/// taken whose selector the labels meet, those of flags come first, and a broken one harms no other.
/// </summary>
/// <param name="path">The endpoints file.</param>
/// <param name="labelsPath">The file of the pod's labels (<see cref="PodLabels"/>); empty: there is none.</param>
/// <param name="table">What is served.</param>
/// <param name="fromFlags">The endpoints that are served beside those of the file.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where troubles are told.</param>
internal sealed partial class EndpointsFile(string path, string labelsPath, EndpointTable table, IReadOnlyList<EndpointSpec> fromFlags, TimeProvider time, ILogger logger)
{
    private const int MaxSize = 1024 * 1024;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    // An editor or the kubelet changes several things at once.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(100);

    // Used by Load and by the loop after it, one at a time.
    private (string File, string Labels)? _content;
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
        using var watcher = TryWatch(path, changed);
        using var labelsWatcher = labelsPath.Length > 0 ? TryWatch(labelsPath, changed) : null;
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
        (string File, string Labels) content;
        try
        {
            content = (ReadFile(path), labelsPath.Length > 0 ? ReadFile(labelsPath) : "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            ReportUnreadable(e);
            return;
        }

        _unreadable = null;
        if (content == _content)
            return;
        _content = content;
        Apply(content.File, content.Labels, errors);
    }

    private static string ReadFile(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length > MaxSize)
            throw new IOException($"it is larger than {MaxSize} bytes");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private void ReportUnreadable(Exception e)
    {
        if (_unreadable == e.Message)
            return;
        _unreadable = e.Message;
        if (_content is not null)
            LogGone(path, e.Message);
        else
            LogMissing(path, e.Message);
    }

    private void Apply(string content, string labels, List<string> errors)
    {
        var before = errors.Count;
        using var reader = new StringReader(content);
        IReadOnlyList<EndpointSpec>? specs;
        if (labelsPath.Length > 0)
        {
            specs = EndpointFileParser.ParseShared(reader, path, PodLabels.Parse(labels), errors) is { } shared ? Distinct(shared, errors) : null;
        }
        else
        {
            specs = EndpointFileParser.Parse(reader, path, errors);
            EndpointSpecParser.RefuseDuplicates([.. fromFlags, .. specs], errors);
            if (errors.Count > before)
                specs = null;
        }

        if (specs is null)
            return;
        table.Update([.. fromFlags, .. specs]);
        LogRead(path, specs.Count);
    }

    /// <summary>Takes every ID once; what comes first holds.</summary>
    private List<EndpointSpec> Distinct(IReadOnlyList<EndpointSpec> specs, List<string> errors)
    {
        var taken = fromFlags.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var distinct = new List<EndpointSpec>();
        foreach (var spec in specs)
        {
            if (taken.Add(spec.Id))
                distinct.Add(spec);
            else
                errors.Add($"Endpoint \"{spec.Id}\" is given otherwise already, so {path} does not change it: an agent serves an endpoint once.");
        }

        return distinct;
    }

    private FileSystemWatcher? TryWatch(string file, SemaphoreSlim changed)
    {
        try
        {
            var watcher = new FileSystemWatcher(Path.GetDirectoryName(Path.GetFullPath(file))!);
            watcher.Changed += Signal;
            watcher.Created += Signal;
            watcher.Deleted += Signal;
            watcher.Renamed += Signal;
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            LogNotWatched(file, e.Message, PollInterval.TotalSeconds);
            return null;
        }

        void Signal(object sender, FileSystemEventArgs e)
        {
            // Two watchers may report at once; the count may be stale when the reader just took it, which only means a poll too many.
            lock (changed)
            {
                if (changed.CurrentCount == 0)
                    changed.Release();
            }
        }
    }

    [LoggerMessage(3101, LogLevel.Information, "Read {Count} endpoints from {File}")]
    private partial void LogRead(string file, int count);

    [LoggerMessage(3102, LogLevel.Error, "Something in the endpoints file is wrong, what was in force of it stays: {Error}")]
    private partial void LogBroken(string error);

    [LoggerMessage(3103, LogLevel.Warning, "The endpoints file {File} cannot be read yet; it is waited for: {Reason}")]
    private partial void LogMissing(string file, string reason);

    [LoggerMessage(3104, LogLevel.Error, "The endpoints file {File} can no longer be read, what was in force stays: {Reason}")]
    private partial void LogGone(string file, string reason);

    [LoggerMessage(3105, LogLevel.Warning, "Changes of {File} are not reported by the system ({Reason}); it is read every {Seconds} s")]
    private partial void LogNotWatched(string file, string reason, double seconds);
}
