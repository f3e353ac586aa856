using Pico.Server.Hosting;
using Pico.Server.Proxy;
using Pico.Server.Upstreams;

namespace Pico.Server.Admin.Status;

/// <summary>Tells of endpoints. Each look reads what is there and holds nothing up.</summary>
internal sealed class EndpointReporter(NodeIdentity node, RouteTable routes, TimeProvider time)
{
    /// <summary>How many upstreams of each endpoint a list names.</summary>
    public const int UpstreamsInList = 16;

    /// <summary>How many upstreams of an endpoint are named at all.</summary>
    public const int MostUpstreams = 10_000;

    // More errors than that are no accident.
    private const double DegradedShare = 0.01;
    private const double FailingShare = 0.5;
    private const int FailingRow = 3;

    // What failed before that and was not asked for since may be well again.
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    /// <summary>How an endpoint does, without its upstreams.</summary>
    public EndpointView Look(EndpointUpstreams endpoint)
    {
        var (open, all) = (0, 0);
        foreach (var upstream in endpoint.Upstreams)
        {
            all++;
            if (upstream is { IsOpen: true, IsEjected: false })
                open++;
        }

        var figures = endpoint.KnownTraffic?.Read(time.GetTimestamp(), time.TimestampFrequency) ?? default;
        return new EndpointView(endpoint, figures, StateOf(open, all, figures));
    }

    /// <summary>Everything about it, with so many upstreams at the most.</summary>
    public EndpointStatus Describe(in EndpointView view, int mostUpstreams)
    {
        var (endpoint, figures) = (view.Endpoint, view.Figures);
        var durations = endpoint.KnownTraffic?.Durations(time.GetTimestamp(), time.TimestampFrequency);
        var upstreams = new List<UpstreamStatus>();
        var (inFlight, count) = (0, 0);
        foreach (var upstream in endpoint.Upstreams)
        {
            inFlight += upstream.Outstanding;
            count += upstream.Weight;
            if (upstreams.Count < mostUpstreams)
                upstreams.Add(Describe(upstream));
        }

        return new EndpointStatus
        {
            Id = endpoint.EndpointId,
            Protocol = ProtocolNames.Of(endpoint.Protocol),
            State = view.State,
            Reason = view.State == EndpointState.Healthy ? null : ReasonOf(figures),
            FailingSince = figures.FailingFor is { } since ? time.GetUtcNow() - since : null,
            RequestsPerSecond = Math.Round(figures.RequestsPerSecond, 2),
            ErrorsPerSecond = Math.Round(figures.ErrorsPerSecond, 2),
            MedianMilliseconds = durations is null ? null : Math.Round(durations.Value.Median.TotalMilliseconds, 2),
            P99Milliseconds = durations is null ? null : Math.Round(durations.Value.P99.TotalMilliseconds, 2),
            InFlight = inFlight,
            UpstreamCount = count,
            Upstreams = upstreams,
        };
    }

    /// <summary>One endpoint by its ID, in either case; null if nobody listens on it.</summary>
    public EndpointStatus? Find(string endpointId) => routes.TryGet(endpointId, out var endpoint) ? Describe(Look(endpoint), MostUpstreams) : null;

    /// <summary>The 99th percentile of its durations; 0 if there were no requests.</summary>
    public double P99Of(EndpointUpstreams endpoint) =>
        endpoint.KnownTraffic?.Durations(time.GetTimestamp(), time.TimestampFrequency)?.P99.TotalMilliseconds ?? 0;

    private static EndpointState StateOf(int open, int all, in TrafficFigures figures)
    {
        if (open == 0)
            return EndpointState.Unavailable;
        if (figures.RecentErrorShare >= FailingShare || (figures.ErrorsInARow >= FailingRow && figures.SinceLastError < Memory))
            return EndpointState.Failing;
        return open < all || figures.ErrorsPerSecond > figures.RequestsPerSecond * DegradedShare ? EndpointState.Degraded : EndpointState.Healthy;
    }

    private static string? ReasonOf(in TrafficFigures figures) => figures switch
    {
        { LastError: not ProxyError.None } => ProxyErrors.Code(figures.LastError),
        { LastStatus: not 0 } => $"the service answers {figures.LastStatus}",
        _ => null,
    };

    private UpstreamStatus Describe(Upstream upstream) => new(
        upstream.NodeId.Length > 0 ? upstream.NodeId : node.Id,
        (upstream as LocalUpstream)?.Tunnel.Remote.Id ?? "",
        upstream.Description,
        !upstream.IsOpen ? "closed" : upstream.IsEjected ? "ejected" : "open",
        upstream.Weight,
        upstream.Outstanding,
        upstream.IdleCount);
}

/// <summary>An endpoint as it is at one moment.</summary>
internal readonly record struct EndpointView(EndpointUpstreams Endpoint, TrafficFigures Figures, EndpointState State);
