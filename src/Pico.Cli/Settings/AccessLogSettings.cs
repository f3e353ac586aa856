using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Observing.AccessLogs;

namespace Pico.Cli.Settings;

/// <summary>The options of the access log.</summary>
internal static class AccessLogSettings
{
    public static OptionSet<AccessLogOptions> Definitions { get; } = new OptionSet<AccessLogOptions>()
        .Add(
            "proxy.access-log.enabled", OptionTypes.Switch, o => o.IsEnabled, (o, v) => o.IsEnabled = v,
            "Log each request and TCP connection when it has ended. pico access-log switches it while the server runs.")
        .Add(
            "proxy.access-log.output", OptionTypes.Matching("output", "stdout, or a file's path", v => v.Length > 0), o => o.Output, (o, v) => o.Output = v,
            "Where the access log goes: stdout (the server's own log goes to standard error), or a file that is appended to and opened again after it was moved away.")
        .Add(
            "proxy.access-log.format", OptionTypes.Choice<AccessLogFormat>(("json", AccessLogFormat.Json), ("text", AccessLogFormat.Text)), o => o.Format, (o, v) => o.Format = v,
            "How an entry looks: json for log collectors, text for people.")
        .Add(
            "proxy.access-log.sample", OptionTypes.Fraction, o => o.Sample, (o, v) => o.Sample = v,
            "The share of requests that are logged. Those that failed (Pico's errors, status 500 and above) or were slow are logged all the same.")
        .Add(
            "proxy.access-log.slow", OptionTypes.Duration(TimeSpan.Zero, zero: "none is slow"), o => o.Slow, (o, v) => o.Slow = v,
            "From which duration on a request is slow.")
        .Add(
            "proxy.access-log.query",
            OptionTypes.Choice<AccessLogQuery>(("names", AccessLogQuery.Names), ("none", AccessLogQuery.None), ("full", AccessLogQuery.Full)), o => o.Query, (o, v) => o.Query = v,
            "What of the query is logged: the names of parameters, with *** for their values; nothing; or all of it, secrets included.")
        .Add(
            "proxy.access-log.request-headers", OptionTypes.List(HeaderName), o => o.RequestHeaders, (o, v) => o.RequestHeaders = v,
            "Headers of requests to log. Of those that carry credentials, such as Authorization and Cookie, *** is logged instead of the value.")
        .Add(
            "proxy.access-log.response-headers", OptionTypes.List(HeaderName), o => o.ResponseHeaders, (o, v) => o.ResponseHeaders = v,
            "Headers of responses to log; the same holds for Set-Cookie.");

    private static OptionType<string> HeaderName => OptionTypes.Matching(
        "header", "a header's name, such as x-tenant", name => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c)));
}
