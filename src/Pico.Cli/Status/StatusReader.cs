using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Pico.Cli.Settings;

namespace Pico.Cli.Status;

/// <summary>Reads a section of the status, page by page, or the whole of it.</summary>
internal sealed class StatusReader(AdminClient client, StatusSettings settings)
{
    /// <summary>How many endpoints and tunnels the overview names.</summary>
    public const int InOverview = 20;

    /// <summary>What the overview asks: what is not well comes first.</summary>
    public static string Overview { get; } = $"/status?sort=state&limit={InOverview}";

    private readonly StatusQuery _query = new(settings);

    /// <summary>Gives the answers one after the other as tables show them: pages of a list, or the only one.</summary>
    public async IAsyncEnumerable<JsonNode> PagesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        do
        {
            var page = await client.GetAsync(settings.Section == StatusSection.Overview ? Overview : _query.At(StatusQuery.MaxLimit, after), cancellationToken);
            if (settings.Section == StatusSection.Upstreams)
                await CompleteAsync(page, cancellationToken);
            yield return page;
            after = _query.IsPaged ? (string?)page["continue"] : null;
        }
        while (after is not null);
    }

    /// <summary>Gives everything as one document: the list, or the object.</summary>
    public async Task<JsonNode> WholeAsync(CancellationToken cancellationToken)
    {
        if (settings.Section == StatusSection.Overview)
        {
            var whole = await client.GetAsync(_query.At(StatusQuery.MaxLimit), cancellationToken);
            await GoOnAsync(whole, "endpoints", cancellationToken);
            await GoOnAsync(whole, "tunnels", cancellationToken);
            return whole;
        }

        var all = new JsonArray();
        await foreach (var page in PagesAsync(cancellationToken))
        {
            if (StatusDocument.ItemsOf(settings.Section, page) is not { } items)
                return page;
            foreach (var item in items)
                all.Add(item);
        }

        return all;
    }

    // The first page of the list is in the overview already.
    private async Task GoOnAsync(JsonNode whole, string list, CancellationToken cancellationToken)
    {
        var (name, items) = (list + "Continue", whole[list]!.AsArray());
        while ((string?)whole[name] is { } after)
        {
            var page = await client.GetAsync(_query.At($"/status/{list}", StatusQuery.MaxLimit, after), cancellationToken);
            foreach (var item in page["items"]!.AsArray())
                items.Add(item!.DeepClone());
            whole[name] = page["continue"]?.DeepClone();
        }
    }

    // A list names a few upstreams of each endpoint only.
    private async Task CompleteAsync(JsonNode page, CancellationToken cancellationToken)
    {
        foreach (var endpoint in page["items"]!.AsArray())
        {
            if (endpoint!["upstreams"]!.AsArray().Sum(u => (long)u!["count"]!) >= (long)endpoint["upstreamCount"]!)
                continue;
            try
            {
                var whole = await client.GetAsync($"/status/endpoints/{Uri.EscapeDataString((string)endpoint["id"]!)}", cancellationToken);
                endpoint["upstreams"] = whole["upstreams"]!.DeepClone();
            }
            catch (AdminException e) when (e.Code == "unknown_endpoint")
            {
                // It has gone since.
            }
        }
    }
}
