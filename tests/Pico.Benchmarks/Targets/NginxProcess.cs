using System.Globalization;
using Pico.Benchmarks.Processes;

namespace Pico.Benchmarks.Targets;

/// <summary>Starts nginx with one of the committed configurations.</summary>
internal static class NginxProcess
{
    /// <summary>The service itself, on a free port.</summary>
    public static ManagedProcess StartService(Workspace workspace, int port, TimeProvider time) =>
        Start("service", "nginx", workspace, time, ("@PORT@", Text(port)), ("@FILES@", workspace.CreateServiceFiles()));

    /// <summary>A reverse proxy in front of the service, or of another one; <paramref name="name"/> tells the processes apart.</summary>
    public static ManagedProcess StartProxy(string name, Workspace workspace, int port, int servicePort, TimeProvider time) =>
        Start("proxy", name, workspace, time, ("@PORT@", Text(port)), ("@UPSTREAM@", Text(servicePort)));

    private static ManagedProcess Start(string role, string name, Workspace workspace, TimeProvider time, params ReadOnlySpan<(string Key, string Value)> values)
    {
        var configuration = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Nginx", role + ".conf"));
        foreach (var (key, value) in values)
            configuration = configuration.Replace(key, value, StringComparison.Ordinal);
        var prefix = Directory.CreateDirectory(Path.Combine(workspace.Temporary, $"{role}-{name}")).FullName;
        File.WriteAllText(Path.Combine(prefix, "nginx.conf"), configuration);
        // -e: the log of the time before the configuration is read; Debian's default may not be writable.
        return new ManagedProcess(name, Tool.Find("nginx"), ["-e", "stderr", "-p", prefix, "-c", "nginx.conf"], time);
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
