using System.Globalization;
using Pico.Server.Admin.Status;
using Pico.Server.Upstreams.Tunnels;

namespace Pico.Server.Admin.Api;

/// <summary>Pages of the tunnels that end at this node, the oldest first.</summary>
internal sealed class TunnelList(TunnelSet tunnels, TunnelReporter reporter)
{
    private const string Sort = "age";

    /// <summary>What it takes.</summary>
    public static IReadOnlyList<AdminParameter> Parameters { get; } =
        [AdminParameter.Search, AdminParameter.Zone, AdminParameter.Endpoint, AdminParameter.Limit, AdminParameter.Continue];

    /// <summary>Gives a page.</summary>
    public StatusPage<TunnelStatus> List(AdminQuery query)
    {
        var (search, zone, endpoint) = (query.Text(AdminParameter.Search), query.Text(AdminParameter.Zone), query.Text(AdminParameter.Endpoint));
        if (query.TryContinue(out var after) && after.Sort != Sort)
            throw new QueryException("continue does not belong to a page of tunnels.");
        return List(query.Limit(), after, tunnel => (zone is null || tunnel.Connection.Remote.Zone == zone)
            && (endpoint is null || tunnel.Upstreams.Values.Any(u => u.EndpointId.Equals(endpoint, StringComparison.OrdinalIgnoreCase)))
            && (search is null || Has(tunnel, search)));
    }

    /// <summary>Gives the first page of all.</summary>
    public StatusPage<TunnelStatus> List(int limit) => List(limit, after: null, static _ => true);

    private StatusPage<TunnelStatus> List(int limit, PageCursor? after, Func<TunnelRecord, bool> isWanted)
    {
        var selection = new PageSelection<TunnelRecord>(limit, after);
        foreach (var tunnel in tunnels.All)
        {
            if (isWanted(tunnel))
                selection.Add(0, tunnel.Number.ToString("d19", CultureInfo.InvariantCulture), tunnel);
        }

        var (things, next) = selection.Take(Sort);
        return new StatusPage<TunnelStatus>([.. things.Select(reporter.Describe)], tunnels.Count, next?.ToString());
    }

    private static bool Has(TunnelRecord tunnel, string search)
    {
        var agent = tunnel.Connection.Remote;
        return agent.Name.Contains(search, StringComparison.OrdinalIgnoreCase)
            || agent.Id.Contains(search, StringComparison.OrdinalIgnoreCase)
            || tunnel.Connection.RemoteAddress.Contains(search, StringComparison.OrdinalIgnoreCase);
    }
}
