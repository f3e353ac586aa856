using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace Pico.Benchmarks.Verbs;

/// <summary>The hidden verb behind the target <c>yarp</c>: Kestrel, <see cref="IHttpForwarder"/>, and nothing else.</summary>
internal static class ForwarderVerb
{
    public const string Name = "forwarder";
    public const string MetricsPath = "/forwarder/metrics";

    public static Command Create()
    {
        var port = new Argument<int>("port");
        var upstream = new Argument<int>("upstream");
        var command = new Command(Name, "A bare YARP forwarder on loopback.") { port, upstream };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(port), parsed.GetValue(upstream), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(int port, int upstream, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ListenLocalhost(port);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Services.AddHttpForwarder();

        await using var app = builder.Build();
        // As YARP's documentation sets a client up for forwarding.
        using var client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            UseCookies = false,
            ActivityHeadersPropagator = null,
        });
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        var destination = $"http://127.0.0.1:{upstream}/";
        app.Run(context => context.Request.Path == MetricsPath
            ? context.Response.WriteAsync($"dotnet_gc_heap_total_allocated_bytes_total {GC.GetTotalAllocatedBytes()}\n", context.RequestAborted)
            : forwarder.SendAsync(context, destination, client).AsTask());
        await HostingAbstractionsHostExtensions.RunAsync(app, cancellation);
        return 0;
    }
}
