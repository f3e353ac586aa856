using Microsoft.Extensions.Logging;
using Pico.Agent.Endpoints;

namespace Pico.Agent.Health;

/// <summary>
/// Checks the services of those endpoints that ask for it, each on its own. An endpoint is healthy after its first good check, unhealthy after
/// some bad ones in a row, and healthy again after some good ones in a row; the table is told of each change.
/// </summary>
internal sealed partial class HealthMonitor(EndpointTable table, TimeProvider time, ILogger logger)
{
    /// <summary>Follows the table until <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var watched = new Dictionary<Endpoint, CancellationTokenSource>();
        try
        {
            while (true)
            {
                var changed = table.Changed;
                var endpoints = table.Endpoints;
                foreach (var gone in watched.Keys.Where(e => endpoints.GetValueOrDefault(e.Spec.Id) != e).ToArray())
                {
                    await watched[gone].CancelAsync().ConfigureAwait(false);
                    watched.Remove(gone);
                }

                foreach (var endpoint in endpoints.Values.Where(e => e.Spec.Health is not null && !watched.ContainsKey(e)))
                {
                    var gone = CancellationTokenSource.CreateLinkedTokenSource(stop);
                    watched.Add(endpoint, gone);
                    _ = WatchAsync(endpoint, endpoint.Spec.Health!, gone);
                }

                await changed.WaitAsync(stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked for; the watches end by the same token.
        }
    }

    /// <summary>Owns <paramref name="gone"/>.</summary>
    private async Task WatchAsync(Endpoint endpoint, HealthCheckSettings settings, CancellationTokenSource gone)
    {
        using var owned = gone;
        using var timer = new PeriodicTimer(settings.Interval, time);
        int good = 0, bad = 0;
        var isKnown = false;
        try
        {
            do
            {
                var failure = await HealthCheck.RunAsync(endpoint, settings, time, gone.Token).ConfigureAwait(false);
                (good, bad) = failure is null ? (good + 1, 0) : (0, bad + 1);
                if (!endpoint.IsHealthy && good >= (isKnown ? settings.HealthyThreshold : 1))
                    Set(endpoint, true, null);
                else if (failure is not null && (endpoint.IsHealthy ? bad >= settings.UnhealthyThreshold : !isKnown))
                    Set(endpoint, false, failure);
                isKnown = true;
            }
            while (await timer.WaitForNextTickAsync(gone.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // Removed, or the agent stops.
        }
    }

    private void Set(Endpoint endpoint, bool isHealthy, string? failure)
    {
        endpoint.IsHealthy = isHealthy;
        table.SignalChange();
        if (isHealthy)
            LogHealthy(endpoint.Spec);
        else
            LogUnhealthy(endpoint.Spec, failure!);
    }

    [LoggerMessage(3401, LogLevel.Information, "The service of {Endpoint} is healthy")]
    private partial void LogHealthy(EndpointSpec endpoint);

    [LoggerMessage(3402, LogLevel.Warning, "The service of {Endpoint} is unhealthy and is not offered until it recovers: {Reason}")]
    private partial void LogUnhealthy(EndpointSpec endpoint, string reason);
}
