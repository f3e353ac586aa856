using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Pico.Benchmarks.Verbs;

/// <summary>The hidden verb behind the target <c>pico-observed</c>: takes spans and throws them away, and reads a server's metrics every second.</summary>
internal static class WatcherVerb
{
    public const string Name = "watcher";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var port = new Argument<int>("port");
        var admin = new Argument<int>("admin");
        var command = new Command(Name, "Takes OTLP over HTTP on loopback, and scrapes an admin port.") { port, admin };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(port), parsed.GetValue(admin), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(int port, int admin, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        await using var app = builder.Build();
        app.Run(context => context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted));
        var scraping = ScrapeAsync(new Uri($"http://127.0.0.1:{admin}/metrics"), cancellation);
        await HostingAbstractionsHostExtensions.RunAsync(app, cancellation);
        await scraping;
        return 0;
    }

    private static async Task ScrapeAsync(Uri metrics, CancellationToken cancellation)
    {
        using var client = new HttpClient();
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                try
                {
                    await client.GetByteArrayAsync(metrics, cancellation);
                }
                catch (HttpRequestException)
                {
                    // The server starts, or ends.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The benchmark is over.
        }
    }
}
