using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Kubernetes.Watching;

/// <summary>Runs until it is told to stop; completes <see cref="Synced"/> when it knows everything for the first time.</summary>
internal interface IInformer
{
    Task Synced { get; }

    Task RunAsync(CancellationToken stop);
}

/// <summary>
/// Keeps a store what the API server has: (1) list, page by page; (2) watch from there, bookmarks moving the version on; (3) a watch that ended is
/// taken up where it was, and a version that is no longer kept (410) means to list again; (4) whatever fails is tried again, with back-off and
/// jitter, for ever, while the store keeps what was known last; after a few failures by listing, since what comes back may have been restored from a backup and be behind.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="type">The kind.</param>
/// <param name="query">Which of them.</param>
/// <param name="project">What is kept of an object (null: it is of no concern), so that large objects cost little.</param>
/// <param name="store">Where it is kept; informers of several namespaces may share one.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where troubles are told.</param>
/// <param name="onFailure">Hears of each trouble too.</param>
internal sealed partial class Informer<T, TItem>(
    KubeClient client, ResourceType<T> type, ListQuery query, Func<T, TItem?> project, ObjectStore<TItem> store, TimeProvider time, ILogger logger,
    Action<Exception>? onFailure = null)
    : IInformer
    where T : IKubernetesObject<V1ObjectMeta>
    where TItem : class
{
    private const int PageSize = 500;
    private const int FailuresBeforeListing = 3;
    private static readonly TimeSpan LeastWatch = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan ShortWatch = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30), Random.Shared.NextDouble);

    // The loop's own: where the watch goes on; null: list first.
    private string? _version;
    private int _failures; // in a row

    public Task Synced => _synced.Task;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (_version is null)
                    await ListAsync(stop);
                await WatchAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (!await PauseAsync(e, stop))
                    return;
            }
        }
    }

    // 1.
    private async Task ListAsync(CancellationToken stop)
    {
        var items = new Dictionary<ObjectKey, TItem>();
        var next = "";
        ListPage<T> page;
        do
        {
            page = await client.ListAsync(type, query, PageSize, next, stop);
            foreach (var item in page.Items)
            {
                if (project(item) is { } kept)
                    items[ObjectKey.Of(item.Metadata)] = kept;
            }

            next = page.Metadata.ContinueProperty ?? "";
        }
        while (next.Length > 0);

        store.Replace(query.Namespace, items);
        _version = page.Metadata.ResourceVersion;
        Recovered();
        _synced.TrySetResult();
    }

    // 2.
    private async Task WatchAsync(CancellationToken stop)
    {
        // Not all at once, when many began at once.
        var duration = LeastWatch * (1 + Random.Shared.NextDouble());
        var start = time.GetTimestamp();
        await foreach (var (kind, item) in client.WatchAsync(type, query, _version!, duration, stop))
        {
            if (kind != WatchEventKind.Bookmark)
                store.Set(ObjectKey.Of(item.Metadata), kind == WatchEventKind.Deleted ? null : project(item));
            _version = item.Metadata.ResourceVersion;
            Recovered();
        }

        // An API server that is about to stop ends each watch at once.
        if (time.GetElapsedTime(start) < ShortWatch)
            await Task.Delay(_backoff.Next(), time, stop);
    }

    // 3. and 4.
    private async Task<bool> PauseAsync(Exception e, CancellationToken stop)
    {
        if (e is KubeApiException { IsGone: true })
        {
            LogExpired(type.Plural);
            _version = null;
        }
        else
        {
            if (_failures > 0)
                LogFailedAgain(type.Plural, e.Message);
            else if (e is KubeApiException { IsForbidden: true })
                LogForbidden(type.Plural, query.Namespace is { } one ? $"in the namespace {one}" : "in the whole cluster", e.Message);
            else
                LogFailed(type.Plural, e.Message);
            if (++_failures >= FailuresBeforeListing)
                _version = null;
            onFailure?.Invoke(e);
        }

        try
        {
            await Task.Delay(_backoff.Next(), time, stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Recovered()
    {
        _backoff.Reset();
        if (_failures == 0)
            return;
        _failures = 0;
        LogRecovered(type.Plural);
    }

    [LoggerMessage(6101, LogLevel.Warning, "Watching {Resource} failed, what was known stays; it is tried again: {Reason}")]
    private partial void LogFailed(string resource, string reason);

    [LoggerMessage(6102, LogLevel.Debug, "Watching {Resource} still fails: {Reason}")]
    private partial void LogFailedAgain(string resource, string reason);

    [LoggerMessage(6103, LogLevel.Information, "Watching {Resource} works again")]
    private partial void LogRecovered(string resource);

    [LoggerMessage(6104, LogLevel.Debug, "The API server no longer keeps what was seen last of {Resource}: they are listed again")]
    private partial void LogExpired(string resource);

    [LoggerMessage(6105, LogLevel.Warning, "Watching {Resource} is not permitted: it needs the verbs list and watch {Where}. What was known stays; it is tried again: {Reason}")]
    private partial void LogForbidden(string resource, string where, string reason);
}
