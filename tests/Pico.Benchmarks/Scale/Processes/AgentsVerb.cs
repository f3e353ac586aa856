using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Agent;
using Pico.Agent.Endpoints;
using Pico.Benchmarks.Processes;

namespace Pico.Benchmarks.Scale.Processes;

/// <summary>
/// The hidden verb behind many agents: so many whole ones in one process, as the library makes them, each with one endpoint. It says <c>ready N</c> as they become
/// ready, and runs until it is ended.
/// </summary>
internal static class AgentsVerb
{
    private const string Name = "agents";
    private const string Said = "ready ";

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    public static Command Create()
    {
        var servers = new Argument<string>("servers");
        var service = new Argument<string>("service");
        var first = new Argument<int>("first");
        var count = new Argument<int>("count");
        var tunnels = new Argument<int>("tunnels");
        var endpoints = new Argument<int>("endpoints");
        var perSecond = new Argument<int>("per-second");
        var command = new Command(Name, "Many agents in one process.") { servers, service, first, count, tunnels, endpoints, perSecond };
        command.Hidden = true;
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(servers)!.Split(','), parsed.GetValue(service)!, parsed.GetValue(first), parsed.GetValue(count), parsed.GetValue(tunnels),
            parsed.GetValue(endpoints), parsed.GetValue(perSecond), cancellation));
        return command;
    }

    /// <summary>The endpoint of a number.</summary>
    public static string EndpointId(int number) => "scale-" + number.ToString("D6", CultureInfo.InvariantCulture);

    /// <summary>Starts such a process.</summary>
    /// <param name="herd">What it is to do.</param>
    /// <param name="first">The number of its first endpoint; the others follow.</param>
    /// <param name="count">How many agents.</param>
    /// <param name="perSecond">How many agents are begun in a second.</param>
    /// <param name="onReady">Told how many are ready, when more are.</param>
    /// <param name="time">The clock.</param>
    public static ManagedProcess Start(HerdPlan herd, int first, int count, int perSecond, Action<int> onReady, TimeProvider time)
    {
        string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
        return new ManagedProcess(
            $"agents from {first}", Path.Combine(AppContext.BaseDirectory, "Pico.Benchmarks"),
            [Name, string.Join(',', herd.Servers), herd.Service, Text(first), Text(count), Text(herd.Tunnels), Text(herd.EndpointsPerAgent), Text(perSecond)], time,
            onLine: line =>
            {
                if (line.StartsWith(Said, StringComparison.Ordinal))
                    onReady(int.Parse(line[Said.Length..], CultureInfo.InvariantCulture));
            });
    }

    private static async Task<int> RunAsync(
        string[] servers, string service, int first, int count, int tunnels, int endpoints, int perSecond, CancellationToken cancellation)
    {
        var ready = 0;
        using var pace = new PeriodicTimer(Pace, TimeProvider.System);
        var running = new List<Task>(count);
        for (var said = 0; !cancellation.IsCancellationRequested;)
        {
            for (var i = 0; i < Math.Max(1, perSecond * Pace.TotalSeconds) && running.Count < count; i++)
                running.Add(ServeAsync(first + (running.Count * endpoints)));
            await pace.WaitForNextTickAsync(cancellation);
            if (Volatile.Read(ref ready) is var now && now != said)
                Console.WriteLine(Said + (said = now).ToString(CultureInfo.InvariantCulture));
        }

        return 0;

        async Task ServeAsync(int from)
        {
            await using var agent = new PicoAgent(Options(servers, service, from, tunnels, endpoints), NullLoggerFactory.Instance, TimeProvider.System);
            var serving = agent.RunAsync(cancellation);
            await agent.WhenReady;
            Interlocked.Increment(ref ready);
            await serving;
        }
    }

    private static AgentOptions Options(string[] servers, string service, int first, int tunnels, int endpoints) => new()
    {
        Servers = [.. servers.Select(server => new Uri(server))],
        Endpoints = EndpointSpecParser.Parse(Enumerable.Range(first, endpoints).Select(number => $"{EndpointId(number)}/{service}"), new List<string>()),
        Name = EndpointId(first),
        Connections = tunnels,
        GracePeriod = TimeSpan.Zero,
    };
}
