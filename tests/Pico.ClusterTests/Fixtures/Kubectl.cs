using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pico.IntegrationTests.Fixtures;

namespace Pico.ClusterTests.Fixtures;

/// <summary>The cluster as its users reach it: by <c>kubectl</c>. Every call ends, at the latest after its time-out.</summary>
internal sealed class Kubectl(string kubeConfig)
{
    // More than any call that waits for something is told to.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(4);

    private static readonly Tool Program = new("kubectl", "kubernetes-client");
    private readonly Dictionary<string, string> _environment = new() { ["KUBECONFIG"] = kubeConfig };

    /// <summary>What programs need to reach the same cluster.</summary>
    public IReadOnlyDictionary<string, string> Environment => _environment;

    /// <summary>Runs it; the caller judges the exit code.</summary>
    public Task<CommandResult> TryAsync(params string[] arguments) => new Command(Program, arguments) { Environment = _environment, Timeout = Longest }.RunAsync();

    /// <summary>Runs it and gives what it prints.</summary>
    public async Task<string> RunAsync(params string[] arguments) => (await TryAsync(arguments)).Succeeded().Text;

    /// <summary>Starts a call that stays, such as <c>port-forward</c>.</summary>
    public BackgroundProcess Start(params string[] arguments) => BackgroundProcess.Start(Program.Require(), arguments, _environment);

    /// <summary><c>kubectl apply</c>; the caller judges the exit code.</summary>
    public Task<CommandResult> TryApplyAsync(string @namespace, string manifest, params string[] options) => new Command(Program, ["apply", "--namespace", @namespace, "--filename", "-", .. options])
    {
        Environment = _environment,
        Input = async stdin => await stdin.WriteAsync(Encoding.UTF8.GetBytes(manifest)),
    }.RunAsync();

    /// <summary>A token of a namespace's ServiceAccount <c>default</c> for <paramref name="audience"/>, valid for ten minutes.</summary>
    public async Task<string> CreateTokenAsync(string @namespace, string audience)
    {
        var request = $$$"""{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": ["{{{audience}}}"], "expirationSeconds": 600}}""";
        var answer = await new Command(Program, "create", "--raw", $"/api/v1/namespaces/{@namespace}/serviceaccounts/default/token", "--filename", "-")
        {
            Environment = _environment,
            Input = async stdin => await stdin.WriteAsync(Encoding.UTF8.GetBytes(request)),
        }.RunAsync();
        return JsonNode.Parse(answer.Succeeded().Text)!["status"]!["token"]!.GetValue<string>();
    }

    /// <summary><c>kubectl apply</c>.</summary>
    public async Task ApplyAsync(string @namespace, string manifest) => (await TryApplyAsync(@namespace, manifest)).Succeeded();

    /// <summary>What <c>kubectl get</c> finds now: <paramref name="what"/> is a resource and perhaps a selector, such as <c>pods -l app=web</c>.</summary>
    public async Task<IReadOnlyList<JsonNode>> ListAsync(string @namespace, string what) =>
        [.. JsonNode.Parse(await RunAsync(["get", .. what.Split(' '), "--namespace", @namespace, "--output", "json"]))!["items"]!.AsArray().Select(item => item!)];

    /// <summary>One object; null if there is none of that name.</summary>
    public async Task<JsonNode?> FindAsync(string @namespace, string name)
    {
        var text = await RunAsync("get", name, "--namespace", @namespace, "--output", "json", "--ignore-not-found");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>Watches what <c>kubectl get</c> finds.</summary>
    public BackgroundWatch Watch(string @namespace, string what) => BackgroundWatch.Start(Program.Require(), _environment, [.. what.Split(' '), "--namespace", @namespace]);

    /// <summary>
    /// Watches until what <c>kubectl get</c> finds, and it is something (not: nothing), satisfies <paramref name="condition"/>; gives that. Fails after <paramref name="time"/> with
    /// <paramref name="wish"/> and what was there.
    /// </summary>
    public async Task<IReadOnlyList<JsonNode>> UntilAsync(
        string wish, string @namespace, string what, TimeSpan time, Func<IReadOnlyList<JsonNode>, bool> condition)
    {
        var objects = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        using var deadline = Deadline.After(time);
        try
        {
            while (true)
            {
                objects.Clear();
                await using var watch = Watch(@namespace, what);
                await foreach (var change in watch.ReadAsync(deadline.Token))
                {
                    var item = change["object"]!;
                    objects[item["metadata"]!["name"]!.GetValue<string>()] = item;
                    if (change["type"]!.GetValue<string>() == "DELETED")
                        objects.Remove(item["metadata"]!["name"]!.GetValue<string>());
                    if (objects.Count > 0 && condition([.. objects.Values]))
                        return [.. objects.Values];
                }

                // The API server ended it, or there is no such object yet.
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, deadline.Token);
            }
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within {time}: {wish}\n{await DescribeAsync(@namespace, objects.Values)}");
        }
    }

    /// <summary>Watches one object, such as <c>deployment/web</c>.</summary>
    public async Task<JsonNode> UntilAsync(string wish, string @namespace, string name, TimeSpan time, Func<JsonNode, bool> condition)
    {
        // By a selector: of an object by name, kubectl shows what it gets and then leaves out the first event, which may be newer already.
        var (kind, only) = (name[..name.IndexOf('/', StringComparison.Ordinal)], name[(name.IndexOf('/', StringComparison.Ordinal) + 1)..]);
        var found = await UntilAsync(
            wish, @namespace, $"{kind} --field-selector metadata.name={only}", time, (IReadOnlyList<JsonNode> objects) => condition(objects[0]));
        return found[0];
    }

    /// <summary>Waits until there is no such object.</summary>
    public Task UntilGoneAsync(string @namespace, string name, TimeSpan time) =>
        RunAsync("wait", name, "--namespace", @namespace, "--for=delete", $"--timeout={(int)time.TotalSeconds}s");

    private async Task<string> DescribeAsync(string @namespace, IEnumerable<JsonNode> objects)
    {
        var text = new StringBuilder();
        foreach (var item in objects)
        {
            item["metadata"]?.AsObject().Remove("managedFields");
            text.AppendLine(item.ToJsonString(new JsonSerializerOptions { WriteIndented = false }));
        }

        text.AppendLine((await TryAsync("get", "pods", "--namespace", @namespace, "--output", "wide")).Text);
        text.AppendLine((await TryAsync("get", "events", "--namespace", @namespace)).Text);
        return text.ToString();
    }
}
