using System.Globalization;
using System.Net;
using Pico.IntegrationTests.Cluster;
using Pico.IntegrationTests.Fixtures;

namespace Pico.TestService.Load;

/// <summary>
/// Requests to one endpoint at a steady rate, each through one of the servers at random, on kept connections: every second one a POST, one in 20 to a path that takes
/// half a second. A request has failed unless it is answered 200 with the text of the path it asked for, within 60 s. None is tried again: a POST not even by the
/// HTTP client, which sends a GET once more if the server has closed the kept connection without an answer (RFC 9112 section 9.3.1).
/// </summary>
internal sealed class LoadRun : IAsyncDisposable
{
    private const int Patience = 60;
    private const int OneInIsSlow = 20;

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly TrafficLog _log = new(Patience);
    private readonly byte[] _body = new byte[1000];
    private readonly string _endpoint;
    private readonly Func<string[]> _servers;
    private readonly bool _keepsConnections;
    private readonly SteadyLoad _load;

    public LoadRun(string endpoint, int rate, Func<string[]> servers, bool keepsConnections)
    {
        (_endpoint, _servers, _keepsConnections) = (endpoint, servers, keepsConnections);
        _load = SteadyLoad.Start(rate, RequestAsync);
    }

    /// <summary>What has become of the requests so far. Seconds are since the run began.</summary>
    public object Report() => new
    {
        Seconds = _log.Now.TotalSeconds,
        Begun = _load.Count,
        Answered = _log.Succeeded,
        Failures = _log.Failures.Select(f => new { Server = f.What, Began = f.Began.TotalSeconds, Ended = f.Ended.TotalSeconds, f.Reason }),
    };

    /// <summary>Begins no more, and waits for what runs.</summary>
    public Task StopAsync() => _load.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _load.DisposeAsync();
        _http.Dispose();
    }

    private Task RequestAsync(int number)
    {
        var servers = _servers();
        var server = servers.Length > 0 ? servers[Random.Shared.Next(servers.Length)] : "no server";
        var path = string.Create(CultureInfo.InvariantCulture, $"{(number / 2 % OneInIsSlow == 0 ? "/wait/500" : "/at-once")}?{number}");
        return _log.TrackAsync(server, token => RequestAsync(number % 2 == 0, server, path, token));
    }

    private async Task RequestAsync(bool isPost, string server, string path, CancellationToken cancellationToken)
    {
        if (server == "no server")
            throw new IOException("no server is ready");
        using var request = new HttpRequestMessage(isPost ? HttpMethod.Post : HttpMethod.Get, new Uri($"http://{server}{path}")) { Headers = { { "x-pico-endpoint", _endpoint } } };
        request.Headers.ConnectionClose = !_keepsConnections;
        if (isPost)
            request.Content = new ByteArrayContent(_body);
        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK || !text.EndsWith($" {path}\n", StringComparison.Ordinal))
            throw new IOException($"{request.Method} {path} is answered {(int)response.StatusCode} {text}");
        _log.Exchanged();
    }
}
