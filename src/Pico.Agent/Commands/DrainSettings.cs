using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Agent.Commands;

/// <summary>Everything that can be set on <c>pico-agent drain</c>.</summary>
public sealed class DrainSettings
{
    /// <summary>The options of the verb.</summary>
    public static OptionSet<DrainSettings> Definitions { get; } = new OptionSet<DrainSettings>()
        .Add(
            "bind-addr", OptionTypes.Address, s => s.BindAddress, (s, v) => s.BindAddress = v,
            "Where the agent's own port listens, as the agent was told.")
        .Add(
            "timeout", OptionTypes.Duration(TimeSpan.FromMilliseconds(10)), s => s.Timeout, (s, v) => s.Timeout = v,
            "How long to wait for the agent.");

    /// <summary>The agent's own port, <c>[host]:port</c>; without a host it is reached on loopback.</summary>
    public string BindAddress { get; set; } = ":8004";

    /// <summary>How long the drain may take. Default 10 minutes, more than pods have.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);
}
