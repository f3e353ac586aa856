using Pico.Agent.Commands;
using Pico.Agent.Dialing;
using Pico.Agent.Endpoints;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Cli.Settings;

/// <summary>Everything that can be set on <c>pico bench</c>.</summary>
internal sealed class BenchSettings
{
    private const int MaxConnections = 1000;
    private const int MaxRate = 1_000_000;

    public static OptionSet<BenchSettings> Definitions { get; } = new OptionSet<BenchSettings>()
        .Add("server", OptionTypes.Url("http", "https"), s => s.Server, (s, v) => s.Server = v, "The server's proxy port, as clients reach it.")
        .AddServerTls(s => s.ServerTls, (s, v) => s.ServerTls = v, s => [new Uri(s.Server)], "https://")
        .AddToken(s => s.Token, (s, v) => s.Token = v, s => s.TokenFile, (s, v) => s.TokenFile = v, OptionTypes.ExistingFile, "Read once, at the start.")
        .Add("connections", OptionTypes.Number(1, MaxConnections), s => s.Connections, (s, v) => s.Connections = v, "How many connections there are. Each has one request at a time.")
        .Add("duration", OptionTypes.Duration(TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(24)), s => s.Duration, (s, v) => s.Duration = v, "How long requests are sent. Those that are on their way then are waited for.")
        .Add("requests", OptionTypes.Number(0, int.MaxValue), s => s.Requests, (s, v) => s.Requests = v, "How many requests are sent, however long it takes; 0 for as many as the duration has room for.")
        .Add(
            "rate", OptionTypes.Number(0, MaxRate), s => s.Rate, (s, v) => s.Rate = v,
            "Requests a second, over all connections, whether answers come in time or not; a request that has to wait for a free connection counts from when it was due. 0: each connection sends the next "
            + "request as soon as it has the answer.")
        .Add("timeout", OptionTypes.Duration(TimeSpan.FromMilliseconds(10)), s => s.Timeout, (s, v) => s.Timeout = v, "How long a request may take, to the end of its answer. It has failed then.")
        .Add("method", OptionTypes.Matching("method", "a method of HTTP such as GET or POST", t => t.All(char.IsAsciiLetter)), s => s.Method, (s, v) => s.Method = v, "The method.", defaultText: "GET, or POST with a body")
        .Add("path", StatusCheckSettings.PathType, s => s.Path, (s, v) => s.Path = v, "The path, with its query.")
        .Add("header", OptionTypes.List("header", "Name: value, each by a flag of its own", ReadHeaders, h => $"{h.Name}: {h.Value}"), s => s.Headers, (s, v) => s.Headers = v, "Headers to send besides.")
        .Add("body", TokenAuthSettings.AnyText, s => s.Body, (s, v) => s.Body = v, "A text to send as body.")
        .Add("body-file", OptionTypes.ExistingFile, s => s.BodyFile, (s, v) => s.BodyFile = v, "A file to send as body, read once, at the start.")
        .Add("http2", OptionTypes.Switch, s => s.Http2, (s, v) => s.Http2 = v, "Speak HTTP/2 with the proxy port, by prior knowledge where there is no TLS.")
        .Add("output", OptionTypes.Choice<bool>(("table", false), ("json", true)), s => s.IsJson, (s, v) => s.IsJson = v, "table is for people, json for programs.")
        .Rule("body", s => s.Body.Length > 0 && s.BodyFile.Length > 0 ? "given together with body-file; give one of them" : null);

    /// <summary>The endpoint.</summary>
    public string Endpoint { get; set; } = "";

    public string Server { get; set; } = "http://localhost:8000";

    public TlsSettings ServerTls { get; set; } = TlsSettings.Default;

    public string Token { get; set; } = "";

    public string TokenFile { get; set; } = "";

    public int Connections { get; set; } = 10;

    public TimeSpan Duration { get; set; } = TimeSpan.FromSeconds(10);

    public int Requests { get; set; }

    public int Rate { get; set; }

    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    public string Method { get; set; } = "";

    public string Path { get; set; } = "/";

    public IReadOnlyList<(string Name, string Value)> Headers { get; set; } = [];

    public string Body { get; set; } = "";

    public string BodyFile { get; set; } = "";

    public bool Http2 { get; set; }

    public bool IsJson { get; set; }

    /// <summary>The method, chosen or not.</summary>
    public HttpMethod MethodInEffect => Method.Length > 0 ? new HttpMethod(Method) : Body.Length > 0 || BodyFile.Length > 0 ? HttpMethod.Post : HttpMethod.Get;

    private static List<(string Name, string Value)> ReadHeaders(IEnumerable<string> items, ICollection<string> problems)
    {
        var headers = new List<(string Name, string Value)>();
        foreach (var item in items)
        {
            var colon = item.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = colon > 0 ? (item[..colon], item[(colon + 1)..].Trim()) : ("", "");
            if (name.Length == 0 || !TokenSource.IsToken(name) || item.Any(char.IsControl))
                problems.Add($"'{item}' is no header; allowed: Name: value");
            else
                headers.Add((name, value));
        }

        return headers;
    }
}
