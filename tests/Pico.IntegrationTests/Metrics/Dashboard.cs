using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pico.Tests;

namespace Pico.IntegrationTests.Metrics;

/// <summary>A dashboard of the chart: what it asks of Prometheus.</summary>
internal static partial class Dashboard
{
    private static readonly string Folder = Path.Combine(Repository.Root, "charts", "pico", "files", "dashboards");

    /// <summary>The names of all.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Directory.GetFiles(Folder, "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    /// <summary>Every query of the panels, and of the variables for what can be chosen, as Prometheus takes it: everything is chosen.</summary>
    public static IReadOnlyList<(string Panel, string Query)> Queries(string name)
    {
        var dashboard = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name + ".json")))!;
        var variables = dashboard["templating"]!["list"]!.AsArray().Where(v => (string)v!["type"]! == "query").Select(v => (Name: (string)v!["name"]!, Query: (string)v["definition"]!)).ToArray();
        return
        [
            .. variables.Select(v => ($"variable {v.Name}", Choices().Replace(Substitute(v.Query), "count by ($2) ($1)"))),
            .. dashboard["panels"]!.AsArray().SelectMany(p => (p!["targets"] as JsonArray ?? []).Select(t => ((string)p["title"]!, Substitute((string)t!["expr"]!)))),
        ];

        string Substitute(string query)
        {
            query = query.Replace("$__rate_interval", "1m", StringComparison.Ordinal);
            foreach (var (variable, _) in variables)
                query = query.Replace($"${variable}", ".*", StringComparison.Ordinal);
            Assert.DoesNotContain('$', query);
            return query;
        }
    }

    [GeneratedRegex(@"^label_values\((.+), (\w+)\)$")]
    private static partial Regex Choices();
}
