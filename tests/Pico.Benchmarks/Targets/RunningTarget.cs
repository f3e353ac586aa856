using System.Globalization;
using Pico.Benchmarks.Processes;

namespace Pico.Benchmarks.Targets;

/// <summary>A way to the service that is up: where to send requests, and the processes whose cost counts.</summary>
internal sealed class RunningTarget : IAsyncDisposable
{
    public const string EndpointHeader = "x-pico-endpoint";
    public const string EndpointId = "bench";

    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly int _port;
    private readonly IReadOnlyList<ManagedProcess> _processes;

    /// <param name="name">As given to <c>--targets</c>.</param>
    /// <param name="port">Where it takes requests, on loopback.</param>
    /// <param name="processes">What it consists of, without the service; stopped in this order.</param>
    public RunningTarget(string name, int port, IReadOnlyList<ManagedProcess> processes)
    {
        Name = name;
        _port = port;
        _processes = processes;
    }

    public string Name { get; }

    /// <summary>What it needs beside it, and what does not count.</summary>
    public IReadOnlyList<ManagedProcess> Helpers { get; init; } = [];

    /// <summary>Where its .NET processes tell the bytes that they have allocated, as <c>dotnet.gc.heap.total_allocated</c> in Prometheus text; by process.</summary>
    public IReadOnlyDictionary<string, Uri> Metrics { get; init; } = new Dictionary<string, Uri>();

    public string Url(Scenario scenario) => $"http://127.0.0.1:{_port}{scenario.Path}";

    public void ThrowIfExited()
    {
        foreach (var process in _processes)
            process.ThrowIfExited();
    }

    public string LastLines() => string.Join('\n', _processes.Select(process => $"{process.Name}: {process.LastLines()}"));

    public IReadOnlyDictionary<string, ProcessUsage> ReadUsage() =>
        _processes.ToDictionary(process => process.Name, process => ProcessUsage.Read(process.Id));

    /// <summary>Waits until the target answers each scenario's request as the service does.</summary>
    public async Task WaitUntilReadyAsync(IEnumerable<Scenario> scenarios, TimeProvider time, CancellationToken cancellation)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Add(EndpointHeader, EndpointId);
        using var timeout = new CancellationTokenSource(ReadyTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        foreach (var scenario in scenarios)
        {
            var answer = "nothing";
            try
            {
                while ((answer = await AnswerAsync(client, scenario, either.Token)) != "200")
                {
                    ThrowIfExited();
                    await Task.Delay(PollInterval, time, either.Token);
                }
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new BenchmarkException($"{Name} did not answer {scenario.Name} within {ReadyTimeout.TotalSeconds} s; last: {answer}\n{LastLines()}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes.Concat(Helpers))
            await process.DisposeAsync();
    }

    private async Task<string> AnswerAsync(HttpClient client, Scenario scenario, CancellationToken cancellation)
    {
        try
        {
            using var body = scenario.IsUpload ? new ByteArrayContent(new byte[scenario.Bytes]) : null;
            using var request = new HttpRequestMessage(scenario.IsUpload ? HttpMethod.Post : HttpMethod.Get, Url(scenario)) { Content = body };
            using var response = await client.SendAsync(request, cancellation);
            var received = await response.Content.ReadAsByteArrayAsync(cancellation);
            if (response.IsSuccessStatusCode && !scenario.IsUpload && received.Length != scenario.Bytes)
                return $"{received.Length} bytes";
            return ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
        }
        catch (HttpRequestException failure)
        {
            return failure.Message;
        }
    }
}
