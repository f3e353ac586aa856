namespace Pico.Server.Observing.AccessLogs;

/// <summary>
/// Where the access log goes. A file is appended to; when it was moved away or cut off (log rotation) it is opened again, found by looking at most once a second.
/// One writer.
/// </summary>
internal sealed class AccessLogOutput(string output, TimeProvider time) : IDisposable
{
    /// <summary>What stands for standard output.</summary>
    public const string StandardOutput = "stdout";

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly bool _isFile = output != StandardOutput;
    private Stream? _stream;
    private long _lookedAt;

    /// <summary>Writes and flushes. Throws what the file system says.</summary>
    public void Write(ReadOnlySpan<byte> lines)
    {
        if (_isFile && _stream is { CanSeek: true } && time.GetElapsedTime(_lookedAt) >= LookInterval && WasRotated())
            Close();
        _stream ??= Open();
        _stream.Write(lines);
        _stream.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private Stream Open()
    {
        _lookedAt = time.GetTimestamp();
        return _isFile
            ? new FileStream(output, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 })
            : Console.OpenStandardOutput();
    }

    // A new file at the path, and the same one cut off, are shorter than what was written.
    private bool WasRotated()
    {
        _lookedAt = time.GetTimestamp();
        var file = new FileInfo(output);
        return !file.Exists || file.Length < _stream!.Position;
    }

    private void Close()
    {
        _stream?.Dispose();
        _stream = null;
    }
}
