using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Fixtures;

/// <summary>
/// A port of a pod or Service, reachable from here by <c>kubectl port-forward</c>, which works on every cluster. That ends when it loses its connection to the pod, which
/// goes by way of the API server and a kubelet; the next connection begins it anew.
/// </summary>
internal sealed partial class PodPort : IAsyncDisposable
{
    private readonly Func<BackgroundProcess> _start;
    private readonly SemaphoreSlim _starting = new(1);
    private BackgroundProcess _forward;

    private PodPort(string target, Func<BackgroundProcess> start)
    {
        Target = target;
        _start = start;
        _forward = start();
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, cancellationToken) => ConnectAsync(cancellationToken) })
        {
            BaseAddress = new("http://localhost"),
            Timeout = TimeSpan.FromSeconds(10),
        };
    }

    /// <summary>Such as <c>pod/pico-server-0</c>.</summary>
    public string Target { get; }

    public HttpClient Http { get; }

    /// <summary>Where another program finds it, until it begins anew.</summary>
    public Uri Address => new($"http://127.0.0.1:{Number.ToString(CultureInfo.InvariantCulture)}");

    private int Number => int.Parse(Ready().Match(_forward.Log).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    /// <summary>Opens it.</summary>
    public static async Task<PodPort> ForwardAsync(Kubectl kubectl, string @namespace, string target, int port)
    {
        var forwarded = new PodPort(target, () => kubectl.Start("port-forward", target, $":{port}", "--address", "127.0.0.1", "--namespace", @namespace));
        await forwarded.WaitUntilReadyAsync();
        return forwarded;
    }

    /// <summary>One request to an endpoint: status and body.</summary>
    public async Task<(HttpStatusCode Status, string Body)> GetAsync(string endpoint, string path = "/", CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("x-pico-endpoint", endpoint);
        using var response = await Http.SendAsync(request, cancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _starting.WaitAsync();
        await _forward.DisposeAsync();
        _starting.Dispose();
    }

    private async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        await _starting.WaitAsync(cancellationToken);
        try
        {
            if (_forward.HasExited)
            {
                await _forward.DisposeAsync();
                _forward = _start();
            }

            await WaitUntilReadyAsync();
        }
        finally
        {
            _starting.Release();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, Number, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private Task WaitUntilReadyAsync() => _forward.WaitUntilAsync($"{Target} is forwarded", () => Ready().IsMatch(_forward.Log));

    [GeneratedRegex(@"Forwarding from 127\.0\.0\.1:(\d+)")]
    private static partial Regex Ready();
}
