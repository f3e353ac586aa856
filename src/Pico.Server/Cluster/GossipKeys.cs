using Microsoft.Extensions.Logging;
using Pico.Gossip;
using Pico.Server.Hosting;

namespace Pico.Server.Cluster;

/// <summary>The keys of the gossip, from the options and from files that are read again: what cannot be read leaves the keys in force.</summary>
internal sealed partial class GossipKeys(ClusterOptions options, TimeProvider time, ILogger<GossipKeys> logger) : IDisposable
{
    /// <summary>What a key must look like, in words.</summary>
    public const string Rule = "32 bytes in base64, as `openssl rand -base64 32` writes them";

    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    private GossipNode? _gossip;
    private ITimer? _timer;
    private string _text = "";

    /// <summary>Reads the keys. Throws <see cref="ServerStartException"/> when a file has none.</summary>
    public IReadOnlyList<GossipKey> Read()
    {
        try
        {
            (var keys, _text) = Load();
            return keys;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new ServerStartException(exception.Message, exception);
        }
    }

    /// <summary>Gives new keys to <paramref name="gossip"/> from now on.</summary>
    public void Watch(GossipNode gossip)
    {
        _gossip = gossip;
        if (options.KeyFiles.Count > 0)
            _timer = time.CreateTimer(static state => ((GossipKeys)state!).Look(), this, LookAgain, LookAgain);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        try
        {
            var (keys, text) = Load();
            if (text == _text)
                return;
            _gossip!.SetKeys(keys);
            _text = text;
            LogTaken(keys.Count);
        }
        catch (Exception exception)
        {
            // Files that are being replaced are read again.
            LogNotTaken(exception.Message);
        }
    }

    private (List<GossipKey> Keys, string Text) Load()
    {
        var keys = new List<GossipKey>();
        if (options.Key.Length > 0)
            Add(options.Key, "cluster.key");
        var texts = options.KeyFiles.Select(file => (File: file, Text: File.ReadAllText(file))).ToList();
        foreach (var (file, text) in texts)
        {
            var before = keys.Count;
            foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                Add(line, $"cluster.key-files: '{file}'");
            if (keys.Count == before)
                throw new FormatException($"cluster.key-files: '{file}' is empty; a line with a key is needed: {Rule}");
        }

        return (keys, string.Concat(texts.Select(t => t.Text + "\0")));

        // Never the text itself: it may be a key with a typing error.
        void Add(string text, string where) =>
            keys.Add(GossipKey.TryParse(text, out var key) ? key! : throw new FormatException($"{where} is no gossip key; one has {Rule}"));
    }

    [LoggerMessage(2671, LogLevel.Information, "The gossip keys changed and are in force: {Count}.")]
    private partial void LogTaken(int count);

    [LoggerMessage(2672, LogLevel.Warning, "The gossip keys could not be read again, those before stay in force: {Reason}")]
    private partial void LogNotTaken(string reason);
}
