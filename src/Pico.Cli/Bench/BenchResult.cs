namespace Pico.Cli.Bench;

/// <summary>What became of one request.</summary>
/// <param name="Status">The answer's status; 0 without an answer.</param>
/// <param name="Problem">Pico's error code, or why there is no answer; empty if there is nothing to say.</param>
/// <param name="Bytes">The length of the answer's body.</param>
internal readonly record struct Answer(int Status, string Problem, long Bytes)
{
    /// <summary>The <see cref="Problem"/> of a request that had no whole answer in time.</summary>
    public const string Timeout = "timeout";

    /// <summary>True if it came back whole, and was neither an error of Pico nor one of the service (400 and above).</summary>
    public bool IsGood => Status is > 0 and < 400 && Problem.Length == 0;

    /// <summary>True if there is no answer, and that came at once: its time says nothing.</summary>
    public bool IsRefusal => Status == 0 && Problem != Timeout;
}

/// <summary>What a run, or one sender of it, has measured. Not safe for several threads.</summary>
internal sealed class BenchResult
{
    /// <summary>How long the requests took that were answered, or waited for until their time was over.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>How many requests were sent and came to an end.</summary>
    public long Requests { get; private set; }

    /// <summary>How many of them are not <see cref="Answer.IsGood"/>.</summary>
    public long Failed { get; private set; }

    /// <summary>The bytes of all answers' bodies.</summary>
    public long Bytes { get; private set; }

    /// <summary>Answers by status.</summary>
    public SortedDictionary<int, long> Statuses { get; } = [];

    /// <summary>Requests by Pico's error code, or by why there was no answer.</summary>
    public SortedDictionary<string, long> Problems { get; } = new(StringComparer.Ordinal);

    /// <summary>How long the run took.</summary>
    public TimeSpan Elapsed { get; set; }

    /// <summary>How many requests the rate would have had besides, if a sender had been free for each.</summary>
    public long Missed { get; set; }

    /// <summary>Counts a request.</summary>
    public void Count(in Answer answer, TimeSpan latency)
    {
        Requests++;
        Failed += answer.IsGood ? 0 : 1;
        Bytes += answer.Bytes;
        if (!answer.IsRefusal)
            Latency.Record(latency);
        if (answer.Status > 0)
            Statuses[answer.Status] = Statuses.GetValueOrDefault(answer.Status) + 1;
        if (answer.Problem.Length > 0)
            Problems[answer.Problem] = Problems.GetValueOrDefault(answer.Problem) + 1;
    }

    /// <summary>Adds what another sender has measured.</summary>
    public void Add(BenchResult other)
    {
        Latency.Add(other.Latency);
        (Requests, Failed, Bytes) = (Requests + other.Requests, Failed + other.Failed, Bytes + other.Bytes);
        foreach (var (status, count) in other.Statuses)
            Statuses[status] = Statuses.GetValueOrDefault(status) + count;
        foreach (var (problem, count) in other.Problems)
            Problems[problem] = Problems.GetValueOrDefault(problem) + count;
    }
}
