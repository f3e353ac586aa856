using System.Text.RegularExpressions;
using Pico.IntegrationTests.Fixtures;
using Pico.Tests;

namespace Pico.ClusterTests.Charts;

/// <summary>The files in <c>manifests/</c> are the chart's, and whole.</summary>
public sealed partial class ManifestTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "manifests");

    [Fact]
    public async Task Manifests_AreWhatTheChartGives()
    {
        (await Helm.RunAsync("version")).Succeeded();
        var rendered = Directory.CreateTempSubdirectory("pico-manifests-");
        try
        {
            (await Command.RunAsync(new("bash", "bash"), Path.Combine(Folder, "render"), rendered.FullName)).Succeeded();
            Assert.All(rendered.GetFiles(), file => Assert.True(
                Objects(file.FullName).SequenceEqual(Objects(Path.Combine(Folder, file.Name))), $"manifests/{file.Name} is not in step with the chart: run `make manifests`."));
            Assert.Equal(5, rendered.GetFiles().Length);
        }
        finally
        {
            rendered.Delete(recursive: true);
        }
    }

    [Fact]
    public void Manifests_SayNothingOfHelm_AndHoldNoSecret() => Assert.All(Files("*.yaml"), file =>
    {
        var text = File.ReadAllText(file).Replace("helm.sh/resource-policy: keep", "", StringComparison.Ordinal);
        Assert.DoesNotContain("helm", text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Rendering.Parse(text).Objects, o => o.Json["kind"] is { } kind && (string?)kind == "Secret");
    });

    /// <summary>All objects are applied, but for the clean-up, which is for the end.</summary>
    [Fact]
    public void Kustomization_NamesEveryFile()
    {
        var named = Resource().Matches(File.ReadAllText(Path.Combine(Folder, "kustomization.yaml"))).Select(m => m.Groups[1].Value);
        Assert.Equal(Files("*.yaml").Select(Path.GetFileName).Except(["kustomization.yaml", "cleanup.yaml"]).Order(), named.Order());
    }

    [Fact]
    public void Readme_SaysHowEachSecretIsMade()
    {
        var readme = File.ReadAllText(Path.Combine(Folder, "README.md"));
        var needed = Files("*.yaml").Where(f => !f.EndsWith("kustomization.yaml", StringComparison.Ordinal)).SelectMany(f => Rendering.Parse(File.ReadAllText(f)).Pods())
            .SelectMany(p => p.Spec["volumes"]?.AsArray() ?? []).Select(v => (string?)v!["secret"]?["secretName"]).OfType<string>().Distinct().ToArray();

        Assert.Equal(["pico-gossip"], needed);
        Assert.All(needed, name => Assert.Contains($"create secret generic {name} ", readme, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Files(string pattern) => Directory.GetFiles(Folder, pattern);

    private static IEnumerable<string> Objects(string file) => Rendering.Parse(File.ReadAllText(file)).Objects.Select(o => o.Json.ToJsonString()).Order(StringComparer.Ordinal);

    [GeneratedRegex(@"^  - (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Resource();
}
