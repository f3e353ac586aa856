using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Pico.Server.Hosting;

/// <summary>Kestrel's limits for a proxy in production, each with its reason.</summary>
internal static class KestrelSettings
{
    private const int KiB = 1024;

    /// <summary>What one HTTP/2 stream may have in flight towards a slow service before the client must wait.</summary>
    private const int Http2StreamWindow = 1024 * KiB;

    /// <summary>The same for all streams of a connection: four that stand still leave room for the others.</summary>
    private const int Http2ConnectionWindow = 4 * Http2StreamWindow;

    public static void Apply(KestrelServerOptions kestrel, ProxyOptions options)
    {
        kestrel.AddServerHeader = false; // the service's own header passes
        kestrel.AllowSynchronousIO = false;
        kestrel.AllowResponseHeaderCompression = true;

        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = null; // bodies are streamed
        limits.MinRequestBodyDataRate = null; // slow is not broken: the idle time-out decides
        limits.MinResponseDataRate = null;
        limits.MaxConcurrentConnections = null; // clients are counted where they come in, admin and agents never refused
        limits.MaxConcurrentUpgradedConnections = null;
        limits.MaxRequestLineSize = options.MaxRequestHeadSize;
        limits.MaxRequestHeadersTotalSize = options.MaxRequestHeadSize;
        limits.MaxRequestHeaderCount = options.MaxRequestHeadSize / 16; // the size is the limit
        limits.KeepAliveTimeout = TimerOf(options.KeepAliveTimeout);
        limits.RequestHeadersTimeout = TimerOf(options.RequestHeadTimeout);

        limits.Http2.MaxStreamsPerConnection = 256;
        limits.Http2.InitialStreamWindowSize = Http2StreamWindow;
        limits.Http2.InitialConnectionWindowSize = Http2ConnectionWindow;
        limits.Http2.MaxRequestHeaderFieldSize = options.MaxRequestHeadSize;
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30); // under the idle limits of common load balancers
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
    }

    private static TimeSpan TimerOf(TimeSpan option) => option > TimeSpan.Zero ? option : Timeout.InfiniteTimeSpan;
}
