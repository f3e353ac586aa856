using System.Reflection;

namespace Pico.Agent;

internal static class AgentVersion
{
    /// <summary>As it stands in HELLO, such as <c>pico/0.1.0</c>.</summary>
    public static string Software { get; } =
        "pico/" + typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
