using k8s.Models;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Kubernetes.Leading;

/// <summary>
/// One of several by a Lease. (1) Try to take it: it is nobody's, was given back, or its record has not changed for the lease's duration by this
/// process's own clock (clocks are never compared). (2) Lead: renew every retry period. (3) Not renewed within the deadline, counted from the start of the last renewal
/// that went well, or held by another: the work's token is cancelled at once, which is before anybody else may begin, and its end awaited. (4) Asked to
/// stop: end the work, then give the Lease back, so that the next leader needs not wait.
/// </summary>
internal sealed partial class LeaderElector(
    KubeClient client, string @namespace, string identity, LeadershipOptions options, TimeProvider time, ILogger logger)
{
    private V1Lease? _observed;
    private long _observedAt;
    private volatile bool _isLeader;

    public bool IsLeader => _isLeader;

    /// <summary>Leads with <paramref name="work"/> whenever it can, until <paramref name="stop"/>.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var renewedAt = time.GetTimestamp();
            if (await TryHoldAsync(stop)) // 1.
                await LeadAsync(work, renewedAt, stop);
            try
            {
                await Task.Delay(Jitter(options.RetryPeriod), time, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task LeadAsync(Func<CancellationToken, Task> work, long renewedAt, CancellationToken stop)
    {
        LogLeading(identity);
        _isLeader = true;
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var working = Task.Run(() => work(lost.Token), CancellationToken.None);
        var isLost = await RenewAsync(renewedAt, working, lost.Token); // 2.
        _isLeader = false;
        await lost.CancelAsync(); // 3.
        try
        {
            await working;
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
        catch (Exception e)
        {
            LogWorkFailed(e);
        }

        if (isLost)
            LogLost(_observed?.Spec.HolderIdentity ?? "");
        else
            await GiveBackAsync(); // 4.
    }

    /// <summary>True when the lease is lost; false when the work has ended or <paramref name="stop"/> fires.</summary>
    private async Task<bool> RenewAsync(long renewedAt, Task working, CancellationToken stop)
    {
        while (true)
        {
            await Task.WhenAny(working, Task.Delay(options.RetryPeriod, time, stop));
            if (working.IsCompleted || stop.IsCancellationRequested)
                return false;
            var left = options.RenewDeadline - time.GetElapsedTime(renewedAt);
            if (left <= TimeSpan.Zero)
                return true;
            var start = time.GetTimestamp();
            using var deadline = new CancellationTokenSource(left, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stop);
            if (await TryHoldAsync(either.Token))
                renewedAt = start;
            else if (_observed?.Spec.HolderIdentity != identity)
                return true;
        }
    }

    /// <summary>True if the Lease is this process's now. Never throws.</summary>
    private async Task<bool> TryHoldAsync(CancellationToken cancellationToken)
    {
        try
        {
            var lease = await client.GetAsync(ResourceTypes.Leases, @namespace, options.LeaseName, cancellationToken);
            if (lease is null)
            {
                Observe(await client.CreateAsync(ResourceTypes.Leases, NewLease(), cancellationToken));
                return true;
            }

            if (lease.Metadata.ResourceVersion != _observed?.Metadata.ResourceVersion)
                Observe(lease);
            var holder = lease.Spec?.HolderIdentity;
            if (holder != identity && !string.IsNullOrEmpty(holder)
                && time.GetElapsedTime(_observedAt) < TimeSpan.FromSeconds(lease.Spec!.LeaseDurationSeconds ?? options.LeaseDuration.TotalSeconds))
            {
                return false;
            }

            Observe(await client.ReplaceAsync(ResourceTypes.Leases, Renewed(lease), cancellationToken));
            return true;
        }
        catch (KubeApiException e) when (e.IsConflict)
        {
            return false; // another was quicker
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (Exception e)
        {
            LogFailed(options.LeaseName, e.Message);
            return false;
        }
    }

    private async Task GiveBackAsync()
    {
        using var timeout = new CancellationTokenSource(options.RetryPeriod, time);
        var lease = _observed!;
        lease.Spec.HolderIdentity = "";
        lease.Spec.LeaseDurationSeconds = 1;
        try
        {
            Observe(await client.ReplaceAsync(ResourceTypes.Leases, lease, timeout.Token));
            LogGivenBack(options.LeaseName);
        }
        catch (Exception e)
        {
            // It runs out by itself.
            LogFailed(options.LeaseName, e.Message);
        }
    }

    private void Observe(V1Lease lease) => (_observed, _observedAt) = (lease, time.GetTimestamp());

    private V1Lease NewLease() => new()
    {
        ApiVersion = ResourceTypes.Leases.ApiVersion,
        Kind = ResourceTypes.Leases.Kind,
        Metadata = new V1ObjectMeta { Name = options.LeaseName, NamespaceProperty = @namespace, Labels = new Dictionary<string, string> { [PicoNames.ManagedBy] = PicoNames.Controller } },
        Spec = Held(time.GetUtcNow().UtcDateTime, 0),
    };

    private V1Lease Renewed(V1Lease lease)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var isMine = lease.Spec?.HolderIdentity == identity;
        lease.ApiVersion = ResourceTypes.Leases.ApiVersion;
        lease.Kind = ResourceTypes.Leases.Kind;
        lease.Spec = Held(isMine ? lease.Spec!.AcquireTime ?? now : now, (lease.Spec?.LeaseTransitions ?? 0) + (isMine ? 0 : 1));
        return lease;
    }

    private V1LeaseSpec Held(DateTime since, int transitions) => new()
    {
        HolderIdentity = identity,
        LeaseDurationSeconds = (int)options.LeaseDuration.TotalSeconds,
        AcquireTime = since,
        RenewTime = time.GetUtcNow().UtcDateTime,
        LeaseTransitions = transitions,
    };

    private static TimeSpan Jitter(TimeSpan period) => period * (1 + (Random.Shared.NextDouble() / 5));

    [LoggerMessage(6201, LogLevel.Information, "{Identity} leads from now on")]
    private partial void LogLeading(string identity);

    [LoggerMessage(6202, LogLevel.Warning, "The lease is lost, all work has stopped; it is held by \"{Holder}\"")]
    private partial void LogLost(string holder);

    [LoggerMessage(6203, LogLevel.Warning, "The lease {Lease} cannot be read or written: {Reason}")]
    private partial void LogFailed(string lease, string reason);

    [LoggerMessage(6204, LogLevel.Information, "The lease {Lease} is given back")]
    private partial void LogGivenBack(string lease);

    [LoggerMessage(6205, LogLevel.Error, "The leader's work failed; it begins anew")]
    private partial void LogWorkFailed(Exception exception);
}
