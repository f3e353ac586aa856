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

    private readonly CancellationTokenSource _stop = new();
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
    }

    private async Task WatchAsync(Kubectl kubectl, string release, Func<IReadOnlyList<string>, CancellationToken, Task> use)
    {
        var told = Task.CompletedTask;
        // A watch ends now and then.
        while (true)
        {
            await using var watch = kubectl.Watch(release, Service);
            await foreach (var change in watch.ReadAsync(_stop.Token))
                told = TellLaterAsync(told, () => use(Addresses(change["object"]!), _stop.Token));
            await told;
        }
    }

    private async Task TellLaterAsync(Task before, Func<Task> tell)
    {
        await Task.WhenAll(before, Task.Delay(Lag, TimeProvider.System, _stop.Token));
        while (true)
        {
            try
            {
                await tell();
                return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !_stop.IsCancellationRequested)
            {
                // By way of the API server and a kubelet, which may be busy: once more.
                await Task.Delay(BeforeAnotherTry, TimeProvider.System, _stop.Token);
            }
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
