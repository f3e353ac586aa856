namespace Pico.Agent.Dialing;

/// <summary>How HTTP proxies on the way to the servers are found and trusted.</summary>
public sealed record HttpProxySettings
{
    /// <summary>The value of <see cref="Url"/> for no proxy at all.</summary>
    public const string None = "none";

    /// <summary>
    /// The proxy (<see cref="HttpProxy"/>) for every server, or <see cref="None"/>. Empty: by <c>HTTPS_PROXY</c>, <c>HTTP_PROXY</c>, <c>ALL_PROXY</c> and
    /// <c>NO_PROXY</c>.
    /// </summary>
    public string Url { get; init; } = "";

    /// <summary>A PEM file with the authorities that are trusted for an <c>https://</c> proxy instead of the system's; read at every connect.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>True if <paramref name="url"/> can be a <see cref="Url"/>.</summary>
    public static bool IsValid(string url) => url is "" or None || HttpProxy.TryParse(url, out _, out _);
}
