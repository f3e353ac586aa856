using System.Globalization;
using Pico.Server.Hosting;

namespace Pico.Server.Limits;

/// <summary>Checks the limits' options.</summary>
public static class LimitRules
{
    /// <summary>A rate in requests per second; more is no limit.</summary>
    public const int MaxRate = 1_000_000;

    private static readonly TimeSpan MaxHandshake = TimeSpan.FromHours(1);

    /// <summary>Adds what is wrong to <paramref name="errors"/>.</summary>
    public static void Check(ProxyLimits proxy, UpstreamLimits upstream, List<OptionError> errors)
    {
        Number(Limit.ConnectionsPerClient, proxy.ConnectionsPerClient, int.MaxValue);
        Number(Limit.RequestsPerEndpoint, proxy.RequestsPerEndpoint, int.MaxValue);
        Number(Limit.RequestsPerClient, proxy.RequestsPerClient, int.MaxValue);
        Number(Limit.RatePerEndpoint, proxy.RatePerEndpoint, MaxRate);
        Number(Limit.RatePerClient, proxy.RatePerClient, MaxRate);

        Number(Limit.RequestBodySize, proxy.RequestBodySize, long.MaxValue);
        Number(Limit.UpstreamConnections, upstream.Connections, int.MaxValue);
        Number(Limit.HandshakesPerClient, upstream.HandshakesPerClient, int.MaxValue);
        Number(Limit.TunnelsPerToken, upstream.TunnelsPerToken, int.MaxValue);
        Number(Limit.EndpointsPerTunnel, upstream.EndpointsPerTunnel, int.MaxValue);
        Number(Limit.StreamsPerTunnel, upstream.StreamsPerTunnel, int.MaxValue);
        if (upstream.HandshakeTimeout < TimeSpan.Zero || upstream.HandshakeTimeout > MaxHandshake)
            errors.Add(new(LimitNames.Of(Limit.HandshakeTimeout), upstream.HandshakeTimeout.ToString(), $"0 to {MaxHandshake.TotalHours:0} hours"));

        void Number(Limit limit, long value, long most)
        {
            if (value < 0 || value > most)
                errors.Add(new(LimitNames.Of(limit), value.ToString(CultureInfo.InvariantCulture), $"0 to {most}"));
        }
    }
}
