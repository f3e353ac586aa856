namespace Pico.IntegrationTests.Fixtures;

/// <summary>A service that is reached through the shared server until this is disposed of.</summary>
internal sealed record ExposedService(string EndpointId, Uri Proxy, AgentProcess Agent) : IAsyncDisposable
{
    /// <summary>The header that names the endpoint, as curl takes it.</summary>
    public string Header => $"x-pico-endpoint: {EndpointId}";

    /// <summary>A path on the proxy port.</summary>
    public string Url(string path) => Proxy.GetLeftPart(UriPartial.Authority) + path;

    /// <summary>Runs curl for <paramref name="path"/>, as it stands, on the endpoint.</summary>
    public Task<CurlResponse> CurlAsync(string path, params string[] options) =>
        Curl.RunAsync(["-H", Header, "--path-as-is", .. options, Url(path)]);

    /// <summary>The head of a request as raw text; <paramref name="headers"/> are lines, each ended.</summary>
    public string Request(string method, string target, string headers = "") =>
        $"{method} {target} HTTP/1.1\r\nHost: service.example\r\n{Header}\r\n{headers}\r\n";

    /// <summary>Opens a raw connection to the proxy port.</summary>
    public Task<RawConnection> ConnectAsync() => RawConnection.ConnectAsync(Proxy);

    public ValueTask DisposeAsync() => Agent.DisposeAsync();
}
