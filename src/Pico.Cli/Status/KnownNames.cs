using Pico.Cli.Settings;

namespace Pico.Cli.Status;

/// <summary>The names that a server knows, for a shell that completes a word.</summary>
internal static class KnownNames
{
    // More than a terminal shows.
    private const int Most = 200;

    public static Task<IEnumerable<string>> None { get; } = Task.FromResult(Enumerable.Empty<string>());

    /// <summary>Endpoints that have <paramref name="begun"/> in their name.</summary>
    public static Task<IEnumerable<string>> EndpointsAsync(AdminSettings settings, string begun, CancellationToken cancellationToken) =>
        AskAsync(settings, $"/status/endpoints?limit={Most}&search={Uri.EscapeDataString(begun)}", cancellationToken);

    /// <summary>The nodes of the cluster, whoever is to be asked.</summary>
    public static async Task<IEnumerable<string>> NodesAsync(AdminSettings settings, CancellationToken cancellationToken)
    {
        settings.Node = "";
        return await AskAsync(settings, "/status/nodes", cancellationToken);
    }

    private static async Task<IEnumerable<string>> AskAsync(AdminSettings settings, string path, CancellationToken cancellationToken)
    {
        using var client = new AdminClient(settings);
        var answer = await client.GetAsync(path, cancellationToken);
        return [.. answer["items"]!.AsArray().Select(item => (string)item!["id"]!)];
    }
}
