namespace Pico.Benchmarks;

/// <summary>One kind of request: what is asked of the service, how large its body is, and with how many connections.</summary>
/// <param name="Name">As given to <c>--scenarios</c>.</param>
/// <param name="Path">What is asked for.</param>
/// <param name="Bytes">Length of the response's body, or of the request's if it is an upload.</param>
/// <param name="IsUpload">The body goes to the service.</param>
/// <param name="Connections">Connections of a full run.</param>
/// <param name="QuickConnections">Connections of <c>--quick</c>.</param>
internal sealed record Scenario(string Name, string Path, long Bytes, bool IsUpload, int[] Connections, int[] QuickConnections)
{
    /// <summary>Bodies of 1 MB or more are judged by bytes, smaller ones by requests.</summary>
    public bool IsBulk => Bytes >= 1_000_000;

    /// <summary>Whether what a request allocates is worth to be told: where requests are many and nothing else runs.</summary>
    public bool CountsAllocations => !IsBulk && DownloadsBeside == 0;

    /// <summary>Downloads at full speed that run meanwhile, and whose cost is not told apart from the requests' own.</summary>
    public int DownloadsBeside { get; private init; }

    /// <summary>What <see cref="DownloadsBeside"/> downloads.</summary>
    public static Scenario Download => All.Single(scenario => scenario.Name == "10m");

    /// <summary>Every scenario, in the order in which they run.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("small", "/128", 128, IsUpload: false, [1, 64, 256], [1, 64]),
        new("64k", "/65536", 64 * 1024, IsUpload: false, [1, 64, 256], [64]),
        new("10m", "/10485760", 10 * 1024 * 1024, IsUpload: false, [1, 8], [8]),
        new("fairness", "/128", 128, IsUpload: false, [16], []) { DownloadsBeside = 4 },
        new("upload-10m", "/upload", 10 * 1024 * 1024, IsUpload: true, [1, 8], [8]),
    ];
}
