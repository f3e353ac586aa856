using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Fixtures;

/// <summary>A port of a pod or Service, reachable from here by <c>kubectl port-forward</c>, which works on every cluster.</summary>
internal sealed partial class PodPort : IAsyncDisposable
{
    private readonly BackgroundProcess _forward;

    private PodPort(string target, BackgroundProcess forward, int port)
    {
        Target = target;
        _forward = forward;
        Http = new HttpClient { BaseAddress = new($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"), Timeout = TimeSpan.FromSeconds(10) };
    }

    /// <summary>Such as <c>pod/pico-server-0</c>.</summary>
    public string Target { get; }

    public HttpClient Http { get; }

    /// <summary>Opens it.</summary>
    public static async Task<PodPort> ForwardAsync(Kubectl kubectl, string @namespace, string target, int port)
    {
        var forward = kubectl.Start("port-forward", target, $":{port}", "--address", "127.0.0.1", "--namespace", @namespace);
        await forward.WaitUntilAsync($"{target} is forwarded", () => Ready().IsMatch(forward.Log));
        return new(target, forward, int.Parse(Ready().Match(forward.Log).Groups[1].ValueSpan, CultureInfo.InvariantCulture));
    }

    /// <summary>One request to an endpoint: status and body.</summary>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string endpoint, string path = "/", CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("x-pico-endpoint", endpoint);
        using var response = await Http.SendAsync(request, cancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    public ValueTask DisposeAsync()
    {
        Http.Dispose();
        return _forward.DisposeAsync();
    }

    [GeneratedRegex(@"Forwarding from 127\.0\.0\.1:(\d+)")]
    private static partial Regex Ready();
}
