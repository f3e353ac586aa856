using System.Collections.Concurrent;
using Pico.IntegrationTests.Fixtures;
using Pico.Tests;

namespace Pico.ClusterTests.Charts;

/// <summary>Helm on the chart of this checkout. Tests that need it are skipped where it is not installed, and fail there with CI=true.</summary>
internal static class Helm
{
    public const string Release = "pico";
    public const string Namespace = "pico";

    private static readonly ConcurrentDictionary<(string Values, string Kubernetes), Lazy<Task<Rendering>>> Renderings = new();

    private static readonly Tool Program = new("helm", "helm");

    /// <summary>The chart's folder.</summary>
    public static string Chart { get; } = Path.Combine(Repository.Root, "charts", "pico");

    /// <summary>The chart as it is rendered with a set of values for a version of Kubernetes; once for all tests.</summary>
    public static Task<Rendering> RenderAsync(string values, string kubernetes) => Renderings.GetOrAdd(
        (values, kubernetes),
        key => new Lazy<Task<Rendering>>(() => RenderAgainAsync(key.Values, key.Kubernetes))).Value;

    /// <summary>The same, rendered anew.</summary>
    public static async Task<Rendering> RenderAgainAsync(string values, string kubernetes) =>
        Rendering.Parse((await RunAsync([.. Template(values, kubernetes)])).Succeeded().Text, kubernetes);

    /// <summary>What Helm says when it renders the chart with values that are given here.</summary>
    public static async Task<CommandResult> TryAsync(string yaml, params string[] arguments)
    {
        var file = Path.Combine(Path.GetTempPath(), $"pico-values-{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(file, yaml, TestContext.Current.CancellationToken);
        try
        {
            return await RunAsync(["template", Release, Chart, "--namespace", Namespace, "--values", file, .. arguments]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Runs Helm.</summary>
    public static Task<CommandResult> RunAsync(params string[] arguments) => Command.RunAsync(Program, arguments);

    /// <summary>The arguments that render a set of values for a version of Kubernetes and the APIs that it serves.</summary>
    private static IEnumerable<string> Template(string values, string kubernetes) =>
        ["template", Release, Chart, "--namespace", Namespace, "--kube-version", kubernetes, "--values", ValueSets.File(values), .. ValueSets.ApiVersions(kubernetes)];
}
