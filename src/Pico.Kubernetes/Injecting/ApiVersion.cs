using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;
using Pico.Kubernetes.Watching;

namespace Pico.Kubernetes.Injecting;

/// <summary>The API server's version, asked for again from time to time, since clusters are upgraded under a running controller.</summary>
internal sealed partial class ApiVersion(KubeClient client, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30), Random.Shared.NextDouble);
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it is known for the first time.</summary>
    public Task Known => _known.Task;

    /// <summary>Until it is known: a version without native sidecars, which any has what it takes for.</summary>
    public ServerVersion Current { get; private set; } = new(1, 0);

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
                await Task.Delay(await AskAsync(stop), time, stop);
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
    }

    private async Task<TimeSpan> AskAsync(CancellationToken stop)
    {
        try
        {
            var version = await client.GetVersionAsync(stop);
            if (version != Current)
                LogVersion(version, version.HasNativeSidecars ? "sidecar containers" : "plain containers");
            Current = version;
            _backoff.Reset();
            _known.TrySetResult();
            return Interval;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(e.Message);
            return _backoff.Next();
        }
    }

    [LoggerMessage(6301, LogLevel.Information, "The API server is Kubernetes {Version}: agents are {Form}")]
    private partial void LogVersion(ServerVersion version, string form);

    [LoggerMessage(6302, LogLevel.Warning, "The API server's version cannot be asked for: {Reason}")]
    private partial void LogFailed(string reason);
}
