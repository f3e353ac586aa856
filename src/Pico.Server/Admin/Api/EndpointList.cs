using Pico.Server.Admin.Status;
using Pico.Server.Hosting;
using Pico.Server.Upstreams;

namespace Pico.Server.Admin.Api;

/// <summary>Pages of endpoints: filtered, searched, sorted, in one pass over all there are.</summary>
internal sealed class EndpointList(RouteTable routes, EndpointReporter endpoints, NodeIdentity node)
{
    /// <summary>What it takes.</summary>
    public static IReadOnlyList<AdminParameter> Parameters { get; } =
    [
        AdminParameter.Search, AdminParameter.Protocol, AdminParameter.State, AdminParameter.Holder, AdminParameter.Sort, AdminParameter.Limit, AdminParameter.Continue,
    ];

    /// <summary>Gives a page; <paramref name="onEach"/> sees every endpoint, whatever the filters say.</summary>
    public StatusPage<EndpointStatus> List(AdminQuery query, Action<EndpointView>? onEach = null)
    {
        var search = query.Text(AdminParameter.Search);
        var protocol = query.Choice(AdminParameter.Protocol);
        var state = query.Choice(AdminParameter.State);
        var holder = query.Text(AdminParameter.Holder);
        var sort = query.Choice(AdminParameter.Sort) ?? "id";
        if (query.TryContinue(out var after) && after.Sort != sort)
            throw new QueryException("continue belongs to a page that was sorted otherwise.");

        var selection = new PageSelection<EndpointView>(query.Limit(), after);
        var needsLook = onEach is not null || state is not null || sort != "id";
        foreach (var endpoint in routes.Endpoints)
        {
            var isWanted = (search is null || endpoint.EndpointId.Contains(search, StringComparison.OrdinalIgnoreCase))
                && (protocol is null || ProtocolNames.Of(endpoint.Protocol) == protocol)
                && (holder is null || IsAt(endpoint, holder));
            if (!needsLook)
            {
                if (isWanted)
                    selection.Add(0, endpoint.EndpointId, new EndpointView(endpoint, default, default));
                continue;
            }

            var view = endpoints.Look(endpoint);
            onEach?.Invoke(view);
            if (isWanted && (state is null || IsState(view.State, state)))
                selection.Add(FigureOf(view, sort), endpoint.EndpointId, view);
        }

        var (things, next) = selection.Take(sort);
        return new StatusPage<EndpointStatus>(
            [.. things.Select(view => endpoints.Describe(needsLook ? view : endpoints.Look(view.Endpoint), EndpointReporter.UpstreamsInList))], routes.Count, next?.ToString());
    }

    private static bool IsState(EndpointState state, string wanted) => wanted switch
    {
        "healthy" => state == EndpointState.Healthy,
        "degraded" => state == EndpointState.Degraded,
        "failing" => state == EndpointState.Failing,
        "unavailable" => state == EndpointState.Unavailable,
        _ => state != EndpointState.Healthy,
    };

    private double FigureOf(in EndpointView view, string sort) => sort switch
    {
        "state" => (double)view.State,
        "rate" => view.Figures.RequestsPerSecond,
        "errors" => view.Figures.ErrorsPerSecond,
        "latency" => endpoints.P99Of(view.Endpoint),
        _ => 0,
    };

    private bool IsAt(EndpointUpstreams endpoint, string holder)
    {
        foreach (var upstream in endpoint.Upstreams)
        {
            if ((upstream.NodeId.Length > 0 ? upstream.NodeId : node.Id) == holder)
                return true;
        }

        return false;
    }
}
