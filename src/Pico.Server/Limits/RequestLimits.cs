using System.Net;
using Pico.Server.Proxy;
using Pico.Server.Proxy.Forwarded;
using Pico.Server.Upstreams;

namespace Pico.Server.Limits;

/// <summary>
/// Counts requests, upgraded connections and TCP streams against the limits of their client and of their endpoint:
/// <code>
///   client: in flight ─▶ client: rate ─▶ endpoint: in flight ─▶ endpoint: rate ─▶ served ─▶ exit
///      └─ 429 ───────────────┴─ 429 ───────────┴─ 503 ──────────────────┴─ 429
/// </code>
/// The client comes first, so that what is refused of a flooding client uses nothing up that the endpoint's other clients have. A request costs two
/// interlocked operations for its endpoint, two for its client if that is limited; no lock, no allocation.
/// </summary>
internal sealed class RequestLimits(ProxyLimits options, LoadTable<ClientKey> clients, LimitMetrics metrics, TimeProvider time)
{
    private readonly Rate? _endpointRate = Rate.PerSecond(options.RatePerEndpoint, time);
    private readonly Rate? _clientRate = Rate.PerSecond(options.RatePerClient, time);

    /// <summary>True if requests are counted by client.</summary>
    private bool HasClientLimits => options.RequestsPerClient != 0 || _clientRate is not null;

    /// <summary>The trusted proxies that must be asked who the client of a request on <paramref name="connection"/> is; null if nobody needs to know.</summary>
    public TrustedNetworks? ProxiesToAsk(ConnectionClient? connection) => HasClientLimits ? connection?.Proxies : null;

    /// <summary>
    /// Counts a request in, or says why not. On success the caller owes one <see cref="RequestPermit.Exit"/>.
    /// </summary>
    /// <param name="endpoint">Where to.</param>
    /// <param name="connection">Who has the connection.</param>
    /// <param name="forwarded">For trusted proxies: the client they name; null if they name none, who is then not limited.</param>
    /// <param name="permit">What was counted.</param>
    public ProxyError TryEnter(EndpointUpstreams endpoint, ConnectionClient? connection, IPAddress? forwarded, out RequestPermit permit)
    {
        permit = default;
        KeyedLoad? client = null;
        var isRented = false;
        if (HasClientLimits && connection is not null)
        {
            isRented = connection.Proxies is not null;
            client = !isRented ? connection.Load : forwarded is null ? null : clients.Rent(new ClientKey(forwarded));
        }

        var now = time.GetTimestamp();
        var hit = client is null ? null : Hit(client.Requests, options.RequestsPerClient, Limit.RequestsPerClient, _clientRate, Limit.RatePerClient, now);
        if (hit is null)
        {
            hit = Hit(endpoint.Load, options.RequestsPerEndpoint, Limit.RequestsPerEndpoint, _endpointRate, Limit.RatePerEndpoint, now);
            if (hit is null)
            {
                permit = new RequestPermit(endpoint.Load, client, isRented);
                return ProxyError.None;
            }

            client?.Requests.Exit();
        }

        if (isRented)
            client?.Return();
        metrics.Hit(hit.Value, hit is Limit.RequestsPerClient or Limit.RatePerClient ? "a client of " + endpoint.EndpointId : endpoint.EndpointId);
        return hit == Limit.RequestsPerEndpoint ? ProxyError.Overloaded : ProxyError.RateLimited;
    }

    /// <summary>Counts a request that was refused with <paramref name="error"/>, if that was because of its size.</summary>
    public void CountSize(ProxyError error, EndPoint? client)
    {
        if (error is ProxyError.HeadTooLarge or ProxyError.BodyTooLarge)
            metrics.Hit(error == ProxyError.HeadTooLarge ? Limit.RequestHeadSize : Limit.RequestBodySize, client?.ToString() ?? "");
    }

    /// <summary>The greatest size of a request's body; null: any.</summary>
    public long? MaxBodySize => options.RequestBodySize == 0 ? null : options.RequestBodySize;

    private static Limit? Hit(Load load, int most, Limit inFlight, Rate? rate, Limit perSecond, long now)
    {
        if (!load.TryEnter(most))
            return inFlight;
        if (load.TryTake(rate, now))
            return null;
        load.Exit();
        return perSecond;
    }
}
