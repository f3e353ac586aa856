using System.CommandLine;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pico.Benchmarks.Processes;

namespace Pico.Benchmarks.Scale.Processes;

/// <summary>
/// The hidden verb behind the service of many agents: it answers a request with <c>ok</c> and closes the connection, so that none stays; and what comes on an upgraded
/// connection goes back as it is.
/// </summary>
internal static class EchoVerb
{
    private const string Name = "echo";
    private const int BufferSize = 4096;

    public static Command Create()
    {
        var port = new Argument<int>("port");
        var command = new Command(Name, "A service that gives back what upgraded connections send.") { port };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(port), cancellation));
        return command;
    }

    /// <summary>Starts it.</summary>
    public static ManagedProcess Start(int port, TimeProvider time) =>
        new("service", Path.Combine(AppContext.BaseDirectory, "Pico.Benchmarks"), [Name, port.ToString(CultureInfo.InvariantCulture)], time);

    private static async Task<int> RunAsync(int port, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxConcurrentUpgradedConnections = null;
        });
        await using var app = builder.Build();
        app.Run(AnswerAsync);
        await HostingAbstractionsHostExtensions.RunAsync(app, cancellation);
        return 0;
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
        {
            context.Response.Headers.Connection = "close";
            await context.Response.WriteAsync("ok", context.RequestAborted);
            return;
        }

        context.Response.Headers.Upgrade = context.Request.Headers.Upgrade;
        context.Response.Headers.Connection = "Upgrade";
        await using var stream = await upgrade.UpgradeAsync();
        while (true)
        {
            // Without a buffer while nothing comes.
            _ = await stream.ReadAsync(Memory<byte>.Empty, context.RequestAborted);
            var buffer = new byte[BufferSize];
            var count = await stream.ReadAsync(buffer, context.RequestAborted);
            if (count == 0)
                return;
            await stream.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
        }
    }
}
