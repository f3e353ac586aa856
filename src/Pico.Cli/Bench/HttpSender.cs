using System.Net;
using System.Net.Http.Headers;
using Pico.Agent.Net;
using Pico.Cli.Settings;

namespace Pico.Cli.Bench;

/// <summary>Sends the same request again and again on a connection of its own, which is opened anew when it breaks.</summary>
internal sealed class HttpSender : IRequestSender
{
    private const string ErrorHeader = "x-pico-error";

    private readonly BenchSettings _settings;
    private readonly string _token;
    private readonly byte[] _body;
    private readonly Uri _address;
    private readonly HttpMessageInvoker _http;
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>Does not connect yet. Throws <see cref="System.Security.Authentication.AuthenticationException"/> when a file for TLS is wrong.</summary>
    public HttpSender(BenchSettings settings, string token, byte[] body)
    {
        (_settings, _token, _body) = (settings, token, body);
        _address = new Uri(settings.Server.TrimEnd('/') + settings.Path);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            MaxConnectionsPerServer = 1,
            ConnectTimeout = settings.Timeout,
            SslOptions = TlsClient.Options(_address.IdnHost, settings.ServerTls),
        });
    }

    public void Dispose() => _http.Dispose();

    public async Task<Answer> SendAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_settings.Timeout, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var request = Write();
            using var response = await _http.SendAsync(request, either.Token);
            var code = response.Headers.TryGetValues(ErrorHeader, out var codes) ? ConsoleText.Printable(codes.First()) : "";
            return new((int)response.StatusCode, code, await ReadAsync(response, either.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(0, Answer.Timeout, 0);
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !cancellationToken.IsCancellationRequested)
        {
            return new(0, Why(e), 0);
        }
    }

    private static string Why(Exception exception) => exception is HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } e
        ? string.Concat(e.HttpRequestError.ToString().Select((c, i) => char.IsAsciiLetterUpper(c) && i > 0 ? $" {char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"))
        : "broken off";

    private async Task<long> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var length = 0L;
        while (await body.ReadAsync(_buffer, cancellationToken) is > 0 and var read)
            length += read;
        return length;
    }

    private HttpRequestMessage Write()
    {
        var request = new HttpRequestMessage(_settings.MethodInEffect, _address)
        {
            Version = _settings.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = _body.Length > 0 ? new ByteArrayContent(_body) : null,
        };
        request.Headers.Add("x-pico-endpoint", _settings.Endpoint);
        if (_token.Length > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        foreach (var (name, value) in _settings.Headers)
        {
            // Some belong to the body, and go without one.
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content?.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }
}
