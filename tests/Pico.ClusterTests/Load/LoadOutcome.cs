namespace Pico.ClusterTests.Load;

/// <summary>A request that failed. Times are seconds since the run began.</summary>
/// <param name="Server">The address of the server that it was sent to.</param>
/// <param name="Began">When it was sent.</param>
/// <param name="Ended">When that was known.</param>
/// <param name="Reason">Why.</param>
internal sealed record FailedRequest(string Server, double Began, double Ended, string Reason)
{
    public override string ToString() => $"{Began:F2}–{Ended:F2} s through {Server}: {Reason}";
}

/// <summary>What became of a run's requests so far.</summary>
/// <param name="Seconds">How long it runs.</param>
/// <param name="Begun">How many requests were begun.</param>
/// <param name="Answered">How many were answered, by server.</param>
/// <param name="Failures">Those that failed.</param>
internal sealed record LoadOutcome(double Seconds, int Begun, IReadOnlyDictionary<string, int> Answered, IReadOnlyList<FailedRequest> Failures)
{
    private const int LengthOfAKind = 12;
    private const int MaxKinds = 20;

    /// <summary>How many have ended, one way or the other.</summary>
    public int Ended => Answered.Values.Sum() + Failures.Count;

    /// <summary>True if nothing runs any more.</summary>
    public bool IsOver => Ended == Begun;

    public override string ToString() =>
        $"{Begun} requests in {Seconds:F0} s, {Failures.Count} failed; answered through {string.Join(", ", Answered.OrderBy(a => a.Key).Select(a => $"{a.Key}: {a.Value}"))}"
        + string.Concat(Failures.GroupBy(f => (f.Server, Kind: f.Reason[..Math.Min(f.Reason.Length, LengthOfAKind)])).Take(MaxKinds).Select(g => $"\n  {g.Count()} like {g.First()}, last {g.Last()}"));
}
