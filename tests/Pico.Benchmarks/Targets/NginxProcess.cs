using System.Globalization;
using Pico.Benchmarks.Processes;

namespace Pico.Benchmarks.Targets;

/// <summary>Starts nginx with one of the committed configurations.</summary>
internal static class NginxProcess
{
    /// <summary>The service itself, on a free port.</summary>
    public static ManagedProcess StartService(Workspace workspace, int port, TimeProvider time) =>
        Start("service", workspace, time, ("@PORT@", Text(port)), ("@FILES@", workspace.CreateServiceFiles()));

    /// <summary>The reverse proxy in front of the service.</summary>
    public static ManagedProcess StartProxy(Workspace workspace, int port, int servicePort, TimeProvider time) =>
        Start("proxy", workspace, time, ("@PORT@", Text(port)), ("@UPSTREAM@", Text(servicePort)));

    private static ManagedProcess Start(string name, Workspace workspace, TimeProvider time, params ReadOnlySpan<(string Key, string Value)> values)
    {
        var configuration = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Nginx", name + ".conf"));
        foreach (var (key, value) in values)
            configuration = configuration.Replace(key, value, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(workspace.Temporary, name + ".conf"), configuration);
        // -e: the log of the time before the configuration is read; Debian's default may not be writable.
        return new ManagedProcess("nginx", Tool.Find("nginx"), ["-e", "stderr", "-p", workspace.Temporary, "-c", name + ".conf"], time);
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
