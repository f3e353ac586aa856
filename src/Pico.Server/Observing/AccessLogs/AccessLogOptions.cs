namespace Pico.Server.Observing.AccessLogs;

/// <summary>How an entry of the access log looks.</summary>
public enum AccessLogFormat
{
    /// <summary>A JSON object on a line.</summary>
    Json,

    /// <summary>A line for people.</summary>
    Text,
}

/// <summary>What of a request's query is logged.</summary>
public enum AccessLogQuery
{
    /// <summary>The names of parameters, with <c>***</c> for their values.</summary>
    Names,

    /// <summary>Nothing.</summary>
    None,

    /// <summary>All of it: queries often carry tokens and personal data.</summary>
    Full,
}

/// <summary>The access log: an entry for each request and TCP connection, when it has ended.</summary>
public sealed class AccessLogOptions
{
    /// <summary>Whether there is one. Default off. Can be switched while the server runs.</summary>
    public bool IsEnabled { get; set; }

    /// <summary>Where it goes: <c>stdout</c>, or a file's path, which is appended to and opened again when it was moved away. Default <c>stdout</c>.</summary>
    public string Output { get; set; } = "stdout";

    /// <summary>How an entry looks. Default JSON.</summary>
    public AccessLogFormat Format { get; set; }

    /// <summary>The share of requests that are logged, 0 to 1; errors and slow ones are logged whatever it is. Default 1.</summary>
    public double Sample { get; set; } = 1;

    /// <summary>From which duration on a request is slow. Zero: none is. Default 1 s.</summary>
    public TimeSpan Slow { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>What of queries is logged. Default: the names of parameters.</summary>
    public AccessLogQuery Query { get; set; }

    /// <summary>Headers of requests that are logged; the values of those that carry secrets are masked all the same. Default: none.</summary>
    public IReadOnlyList<string> RequestHeaders { get; set; } = [];

    /// <summary>The same for headers of responses. Default: none.</summary>
    public IReadOnlyList<string> ResponseHeaders { get; set; } = [];
}
