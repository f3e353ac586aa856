using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pico.Tests;

namespace Pico.ClusterTests.Charts;

/// <summary>What each ServiceAccount may do is what docs/kubernetes.md says, verb by verb.</summary>
public sealed partial class PermissionTests
{
    private static readonly string[] Watched = ["shop", "billing"];

    public static IEnumerable<TheoryDataRow<string, string>> All => ValueSets.All;

    [Theory]
    [InlineData(ValueSets.Default)]
    [InlineData(ValueSets.Namespaced)]
    public async Task Accounts_MayDoWhatTheDocsSay_AndNothingElse(string values)
    {
        var rendering = await Helm.RenderAsync(values, "1.34.0");
        var documented = ReadDocs(isNamespaced: values == ValueSets.Namespaced);
        var accounts = rendering.Of("ServiceAccount").Select(a => a.Name).ToArray();

        Assert.Equal(documented.Keys.Order(), accounts.Order());
        Assert.All(accounts, account => Assert.Equal(
            documented[account].Select(p => p.ToString()).Order(StringComparer.Ordinal),
            Granted(rendering, account, values == ValueSets.Namespaced).Select(p => p.ToString()).Order(StringComparer.Ordinal)));
    }

    /// <summary>What is switched off asks for less, never for more; and nobody but these accounts is given anything.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task Accounts_WithOtherValues_MayDoNoMore(string values, string kubernetes)
    {
        var rendering = await Helm.RenderAsync(values, kubernetes);
        var documented = ReadDocs(isNamespaced: false);
        foreach (var account in rendering.Of("ServiceAccount").Select(a => a.Name))
            Assert.Subset(documented[account].Select(p => p.ToString()).ToHashSet(), Granted(rendering, account, values == ValueSets.Namespaced).Select(p => p.ToString()).ToHashSet());
        Assert.All(Bindings(rendering).SelectMany(b => b.Json["subjects"]!.AsArray()), subject =>
            Assert.Equal(("ServiceAccount", Helm.Namespace, true), ((string?)subject!["kind"], (string?)subject["namespace"], documented.ContainsKey((string)subject["name"]!))));
        Assert.All(Bindings(rendering), binding => Assert.Single(rendering.Objects, role =>
            role.Kind == (string?)binding.Json["roleRef"]!["kind"] && role.Name == (string?)binding.Json["roleRef"]!["name"] && role.Namespace == (role.Kind == "Role" ? binding.Namespace : "")));
    }

    [Fact]
    public async Task People_GetPicoEndpoints_WithTheRolesThatTheyHave()
    {
        var roles = (await Helm.RenderAsync(ValueSets.Default, "1.34.0")).Of("ClusterRole").Where(r => r.Name.Contains("picoendpoints", StringComparison.Ordinal)).ToArray();

        Assert.Equal(["view"], Targets("get"));
        Assert.Equal(["admin", "edit"], Targets("create"));

        IEnumerable<string> Targets(string verb) => roles.Where(r => r.Json["rules"]!.AsArray().Any(x => x!["verbs"]!.AsArray().Any(v => (string?)v == verb)))
            .SelectMany(r => r.Labels.Where(l => l.Value == "true").Select(l => l.Key.Replace("rbac.authorization.k8s.io/aggregate-to-", "", StringComparison.Ordinal))).Order();
    }

    private static IEnumerable<KubeObject> Bindings(Rendering rendering) => rendering.Of("RoleBinding").Concat(rendering.Of("ClusterRoleBinding"));

    private static IEnumerable<Permission> Granted(Rendering rendering, string account, bool isNamespaced)
    {
        foreach (var group in Bindings(rendering).Where(b => b.Json["subjects"]!.AsArray().Any(s => (string?)s!["name"] == account)).GroupBy(b => (b.Kind, b.Name)))
        {
            var place = Place(group.Select(b => b.Namespace).Order().ToArray(), group.Key.Name, isNamespaced);
            var role = rendering.Objects.First(r => r.Kind == (string?)group.First().Json["roleRef"]!["kind"] && r.Name == (string?)group.First().Json["roleRef"]!["name"]);
            foreach (var permission in role.Json["rules"]!.AsArray().SelectMany(r => Permissions(r!, place)))
                yield return permission;
        }
    }

    // A cluster-wide role of the controller's and the clean-up's own name stands for the watched namespaces; with a list of those it is a Role in each.
    private static string Place(string[] namespaces, string name, bool isNamespaced)
    {
        if (namespaces is [""])
            return !isNamespaced && name is ("pico-controller" or "pico-cleanup" or "pico-server-claims") ? "watched" : "cluster";
        if (namespaces is [Helm.Namespace])
            return "own";
        Assert.Equal(Watched.Order(), namespaces);
        return "watched";
    }

    private static IEnumerable<Permission> Permissions(JsonNode rule, string place) =>
        from api in rule["nonResourceURLs"] is null ? Texts(rule["apiGroups"]) : ["URL"]
        from resource in Texts(rule["nonResourceURLs"] ?? rule["resources"])
        from name in rule["resourceNames"] is { } names ? Texts(names) : [""]
        from verb in Texts(rule["verbs"])
        select new Permission(place, api, resource, name, verb);

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(i => (string)i!);

    private static Dictionary<string, List<Permission>> ReadDocs(bool isNamespaced)
    {
        var documented = new Dictionary<string, List<Permission>>(StringComparer.Ordinal);
        var isPart = false;
        List<Permission>? table = null;
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "docs", "kubernetes.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                isPart = line == "## Permissions";
            if (!isPart)
                continue;
            if (line.StartsWith("### ", StringComparison.Ordinal))
                table = Account().Match(line) is { Success: true } account ? documented[account.Groups[1].Value] = [] : null;
            if (table is not null && line.StartsWith('|') && !line.StartsWith("| where", StringComparison.Ordinal) && !line.StartsWith("| ---", StringComparison.Ordinal)
                && !(isNamespaced && line.Contains("not with `controller.watchNamespaces`", StringComparison.Ordinal)))
                table.AddRange(ReadRow(line));
        }

        return documented;
    }

    private static IEnumerable<Permission> ReadRow(string line)
    {
        var row = Row().Match(line);
        Assert.True(row.Success, $"docs/kubernetes.md: this row is not as the others: {line}");
        return row.Groups["verbs"].Value.Split(", ").Select(verb =>
            new Permission(row.Groups["where"].Value, row.Groups["group"].Value, row.Groups["resource"].Value, row.Groups["name"].Value, verb));
    }

    [GeneratedRegex("^### `(.+)`$")]
    private static partial Regex Account();

    [GeneratedRegex(@"^\| (?<where>watched|own|cluster) \| `(?<resource>[a-z0-9/]+)`( \((?<group>[a-z0-9.]+|URL)\))?( named `(?<name>[a-z-]+)`)? \| (?<verbs>[a-z]+(, [a-z]+)*) \| .+ \|$")]
    private static partial Regex Row();

    private sealed record Permission(string Where, string Group, string Resource, string Name, string Verb);
}
