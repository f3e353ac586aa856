using Microsoft.Extensions.Logging;
using Pico.Server.Hosting;

namespace Pico.Server.Auth;

/// <summary>The gates of the ports, each with keys of its own.</summary>
internal sealed class AuthGates(ServerOptions options, TimeProvider time, ILogger<AuthGates> logger) : IAsyncDisposable
{
    /// <summary>For clients.</summary>
    public TokenGate Proxy { get; } = new(options.Proxy.Auth, "proxy.auth", time, logger);

    /// <summary>For agents.</summary>
    public TokenGate Upstream { get; } = new(options.Upstream.Auth, "upstream.auth", time, logger, options.Upstream.Issuers, options.Upstream.PlatformKeys);

    /// <summary>For operators.</summary>
    public TokenGate Admin { get; } = new(options.Admin.Auth, "admin.auth", time, logger);

    /// <summary>Reads the keys of all. Throws <see cref="ServerStartException"/> that names the option when one is wrong.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var gate in new[] { Proxy, Upstream, Admin })
                await gate.StartAsync(cancellationToken);
        }
        catch (FormatException e)
        {
            throw new ServerStartException(e.Message, e);
        }

        if (!Upstream.IsEnabled)
            AuthLog.NoAgentKeys(logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Upstream.DisposeAsync();
        await Admin.DisposeAsync();
    }
}
