using System.Net;
using Pico.Agent.Commands.Logs;
using Pico.Agent.Forward;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Agent.Commands;

/// <summary>Everything that can be set on <c>pico forward</c>.</summary>
public sealed class ForwardSettings
{
    /// <summary>The options of the verb.</summary>
    public static OptionSet<ForwardSettings> Definitions { get; } = new OptionSet<ForwardSettings>()
        .Include(OfForwarder(), s => s.Forwarder)
        .Include(LogOptions.Definitions, s => s.Log);

    /// <summary>Where <c>pico forward</c> listens.</summary>
    public static OptionType<IPEndPoint> Listen { get; } = OptionTypes.Parsed(
        "port", "a port (on loopback) such as 5432, or an address such as 0.0.0.0:5432, [::1]:5432 or :5432 (all addresses)",
        text => PortForwarderOptions.TryParseListen(text, out var listen) ? listen : null, listen => listen.ToString());

    /// <summary>The forwarder's own.</summary>
    public PortForwarderOptions Forwarder { get; } = new();

    /// <summary>What is logged.</summary>
    public LogOptions Log { get; } = new();

    private static OptionSet<PortForwarderOptions> OfForwarder() => new OptionSet<PortForwarderOptions>()
        .Add(
            "server", SharedOptions.Server, o => o.Server, (o, v) => o.Server = v,
            "The server's proxy port.")
        .AddServerTls(o => o.ServerTls, (o, v) => o.ServerTls = v, o => [o.Server])
        .AddHttpProxy(o => o.HttpProxy, (o, v) => o.HttpProxy = v)
        .AddToken(
            o => o.Token, (o, v) => o.Token = v, o => o.TokenFile, (o, v) => o.TokenFile = v, OptionTypes.ExistingFile,
            "Read again at every connect to the server.")
        .Add(
            "server-connect-timeout", OptionTypes.Duration(TimeSpan.FromMilliseconds(10)), o => o.ServerConnectTimeout, (o, v) => o.ServerConnectTimeout = v,
            "How long a connect to the server may take, for each of its addresses.")
        .Add(
            "grace-period", OptionTypes.Duration(TimeSpan.Zero), o => o.GracePeriod, (o, v) => o.GracePeriod = v,
            "How long connections may take to finish when it stops.");
}
