using System.Globalization;
using System.Text.Json.Nodes;
using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Load;

/// <summary>
/// What a load balancer in front of Pico does: takes the ready addresses in the Endpoints of the proxy Service, and learns of each change a second late, as those do that
/// are told by others. It asks no server for its health itself.
/// </summary>
internal sealed class ReadyServers : IAsyncDisposable
{
    private const string Service = "endpoints --field-selector metadata.name=pico-proxy";
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BeforeAnotherTry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _telling = new(1);
    private readonly Lock _lock = new();
    private int _due;
    private readonly Task _watching;

    public ReadyServers(Kubectl kubectl, string release, Func<IReadOnlyList<string>, CancellationToken, Task> use) => _watching = WatchAsync(kubectl, release, use);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _watching;
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }

        _stop.Dispose();
        _telling.Dispose();
    }

    private async Task WatchAsync(Kubectl kubectl, string release, Func<IReadOnlyList<string>, CancellationToken, Task> use)
    {
        var told = Task.CompletedTask;
        var changes = 0;
        try
        {
            // A watch ends now and then.
            while (true)
            {
                await using var watch = kubectl.Watch(release, Service);
                await foreach (var change in watch.ReadAsync(_stop.Token))
                    told = Task.WhenAll(told, TellLaterAsync(++changes, Addresses(change["object"]!), use));
                await told;
            }
        }
        finally
        {
            await told.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TellLaterAsync(int change, IReadOnlyList<string> servers, Func<IReadOnlyList<string>, CancellationToken, Task> use)
    {
        await Task.Delay(Lag, TimeProvider.System, _stop.Token);
        lock (_lock)
            _due = Math.Max(_due, change);
        await _telling.WaitAsync(_stop.Token);
        try
        {
            // By way of the API server and a kubelet, which may be busy or lose it: again, unless there is something newer to tell.
            while (change == Volatile.Read(ref _due) && !await IsToldAsync(servers, use))
                await Task.Delay(BeforeAnotherTry, TimeProvider.System, _stop.Token);
        }
        finally
        {
            _telling.Release();
        }
    }

    private async Task<bool> IsToldAsync(IReadOnlyList<string> servers, Func<IReadOnlyList<string>, CancellationToken, Task> use)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stop.Token);
        try
        {
            await use(servers, either.Token);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !_stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private static IReadOnlyList<string> Addresses(JsonNode endpoints) =>
    [
        .. from subset in endpoints["subsets"]?.AsArray() ?? []
           from port in subset["ports"]!.AsArray()
           from address in subset["addresses"]?.AsArray() ?? []
           select string.Create(CultureInfo.InvariantCulture, $"{address["ip"]!.GetValue<string>()}:{port["port"]!.GetValue<int>()}"),
    ];
}
