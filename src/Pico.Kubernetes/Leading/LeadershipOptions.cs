namespace Pico.Kubernetes.Leading;

/// <summary>How one of several controllers is chosen. The times are those of Kubernetes' own controllers.</summary>
public sealed class LeadershipOptions
{
    /// <summary>The Lease's name, in the controller's own namespace. Default <c>pico-controller</c>.</summary>
    public string LeaseName { get; set; } = "pico-controller";

    /// <summary>After so long without a sign of the leader, another takes over; whole seconds. Default 15 s.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A leader that could not renew for so long stops its work; less than <see cref="LeaseDuration"/>. Default 10 s.</summary>
    public TimeSpan RenewDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>From one try to renew or to take over to the next. Default 2 s.</summary>
    public TimeSpan RetryPeriod { get; set; } = TimeSpan.FromSeconds(2);
}
