using System.Globalization;
using Pico.Cli.Settings;

namespace Pico.Cli.Status;

/// <summary>What the Admin API is asked for a section of the status: its path, and the filters that it takes.</summary>
internal sealed class StatusQuery(StatusSettings settings)
{
    /// <summary>The most that one page has.</summary>
    public const int MaxLimit = 1000;

    private static readonly (string Name, Func<StatusSettings, string> Value)[] Filters =
    [
        ("search", s => s.Search), ("zone", s => s.Zone), ("protocol", s => s.Protocol), ("state", s => s.State), ("holder", s => s.Holder), ("endpoint", s => s.Endpoint),
        ("sort", s => s.Sort == "id" ? "" : s.Sort),
    ];

    /// <summary>The path of the section.</summary>
    public string Path => settings.Section switch
    {
        StatusSection.Nodes => "/status/nodes",
        StatusSection.Endpoints or StatusSection.Upstreams => "/status/endpoints",
        StatusSection.Endpoint => $"/status/endpoints/{Uri.EscapeDataString(settings.Id)}",
        StatusSection.Tunnels => "/status/tunnels",
        StatusSection.Gossip => "/status/gossip",
        _ => "/status",
    };

    /// <summary>True if the answer is pages of things.</summary>
    public bool IsPaged => settings.Section is StatusSection.Endpoints or StatusSection.Upstreams or StatusSection.Tunnels;

    private string[] Allowed => settings.Section switch
    {
        StatusSection.Nodes => ["search", "zone"],
        StatusSection.Endpoints or StatusSection.Upstreams => ["search", "protocol", "state", "holder", "sort"],
        StatusSection.Tunnels => ["search", "zone", "endpoint"],
        _ => [],
    };

    /// <summary>What is wrong with the filters and the ID, for people; null if nothing is.</summary>
    public string? Problem()
    {
        if (settings.Section == StatusSection.Endpoint && settings.Id.Length == 0)
            return "<id>: is missing; which endpoint is it? 'pico status endpoints' lists them";
        if (settings.Section != StatusSection.Endpoint && settings.Id.Length > 0)
            return $"<id>: '{ConsoleText.Printable(settings.Id)}' is too much; only 'pico status endpoint' takes an ID";
        var (name, _) = Filters.FirstOrDefault(f => f.Value(settings).Length > 0 && !Allowed.Contains(f.Name));
        return name is null ? null
            : $"--{name} is not for this list; it takes {(Allowed.Length > 0 ? string.Join(", ", Allowed.Select(a => "--" + a)) : "no filter: 'pico status endpoints', 'nodes' and 'tunnels' do")}";
    }

    /// <summary>The path with its query.</summary>
    public string At(int limit, string? after = null) => At(Path, limit, after);

    /// <summary>The same for another path; the overview goes on in the lists.</summary>
    public string At(string path, int limit, string? after = null)
    {
        List<string> parts = [.. Filters.Where(f => f.Value(settings).Length > 0).Select(f => $"{f.Name}={Uri.EscapeDataString(f.Value(settings))}")];
        if (IsPaged || settings.Section == StatusSection.Overview)
            parts.Add($"limit={limit.ToString(CultureInfo.InvariantCulture)}");
        if (after is not null)
            parts.Add($"continue={Uri.EscapeDataString(after)}");
        return parts.Count > 0 ? $"{path}?{string.Join('&', parts)}" : path;
    }
}
