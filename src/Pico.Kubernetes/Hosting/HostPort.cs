using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Pico.Kubernetes.Hosting;

/// <summary>One port with an application of its own.</summary>
internal static class HostPort
{
    private static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KeepAlive = TimeSpan.FromMinutes(2);
    private const int MaxConnections = 1000;

    /// <summary>Makes the application; nothing listens yet.</summary>
    public static WebApplication Build(
        string address, ILoggerFactory loggers, Action<IServiceCollection> services, Action<ListenOptions> listen, long maxBody)
    {
        // Empty: no environment variable, file or signal changes anything behind the options' back.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<ILoggerFactory>(new QuietLoggers(loggers)).AddSingleton<IHostLifetime, OwnersLifetime>();
        services(builder.Services);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = maxBody;
            kestrel.Limits.RequestHeadersTimeout = HeadTimeout;
            kestrel.Limits.KeepAliveTimeout = KeepAlive;
            var colon = address.LastIndexOf(':');
            var port = int.Parse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture);
            switch (address[..colon])
            {
                case "":
                    kestrel.ListenAnyIP(port, listen);
                    break;
                case "localhost":
                    kestrel.Listen(IPAddress.Loopback, port, listen);
                    break;
                case var host:
                    kestrel.Listen(IPAddress.Parse(host), port, listen);
                    break;
            }
        });
        return builder.Build();
    }

    /// <summary>Where the application listens, once started.</summary>
    public static IPEndPoint AddressOf(WebApplication app)
    {
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
            .Replace("//*", "//[::]", StringComparison.Ordinal));
        return new IPEndPoint(IPAddress.Parse(address.Host), address.Port);
    }

    // Signals are the owner's business.
    private sealed class OwnersLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    // The framework's own messages from warnings on; the factory stays the owner's.
    private sealed class QuietLoggers(ILoggerFactory inner) : ILoggerFactory
    {
        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

        public ILogger CreateLogger(string categoryName) => new Quiet(inner.CreateLogger(categoryName));

        public void Dispose()
        {
            // Not ours.
        }
    }

    private sealed class Quiet(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
