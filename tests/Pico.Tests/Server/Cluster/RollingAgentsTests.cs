using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Pico.Agent;
using Pico.Agent.Endpoints;
using Pico.Tests.Agent;
using HttpService = Pico.Tests.Server.Proxy.General.TestService;

namespace Pico.Tests.Server.Cluster;

/// <summary>Pods of a service come and go, each with an agent beside it that is asked to drain as a kubelet asks, while POSTs go to it through every node.</summary>
public sealed class RollingAgentsTests(ITestOutputHelper output)
{
    private const int Nodes = 3;
    private const int Clients = 12;
    private const int Rolls = 25;
    private const int OneInIsSlow = 40;
    private const string Key = "0123456789abcdef";

    private readonly ConcurrentQueue<string> _failures = [];
    private int _answered;

    [Fact]
    public async Task Pods_RolledAgainAndAgain_FailNoPost()
    {
        await using var cluster = await TestCluster.StartAsync(Nodes);
        var pods = new Queue<Pod>();
        for (var i = 0; i < 2; i++)
            pods.Enqueue(await Pod.StartAsync(cluster));
        await cluster.KnowAsync("web", 2 * pods.Count);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(i => Task.Run(() => PostAsync(cluster, i, stop.Token))).ToArray();

        for (var i = 0; i < Rolls; i++)
        {
            pods.Enqueue(await Pod.StartAsync(cluster));
            await pods.Dequeue().EndAsync();
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        foreach (var pod in pods)
            await pod.EndAsync();
        output.WriteLine($"{_answered} requests were answered during {Rolls} rolls, {_failures.Count} failed.");
        Assert.True(_failures.IsEmpty, string.Join('\n', _failures.Take(10)));
        Assert.True(_answered > Rolls, "There was hardly any traffic.");
    }

    private async Task PostAsync(TestCluster cluster, int client, CancellationToken stop)
    {
        using var http = new HttpClient();
        var body = new byte[1000];
        for (var i = client; !stop.IsCancellationRequested; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{cluster[i % Nodes].Server.ProxyAddress}/{(i % OneInIsSlow == 0 ? "slow" : "")}");
            request.Headers.Add("x-pico-endpoint", "web");
            request.Content = new ByteArrayContent(body);
            using var response = await http.SendAsync(request, CancellationToken.None);
            if (response.IsSuccessStatusCode)
                Interlocked.Increment(ref _answered);
            else
                _failures.Enqueue($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(CancellationToken.None)}");
        }
    }

    private sealed class Pod(HttpService service, RunningAgent agent)
    {
        public static async Task<Pod> StartAsync(TestCluster cluster)
        {
            var service = await HttpService.StartAsync(HttpProtocols.Http1, static async context =>
            {
                if (context.Request.Path.Value == "/slow")
                    await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
                await context.Response.WriteAsync("hello", CancellationToken.None);
            });
            var agent = new RunningAgent(new AgentOptions
            {
                Endpoints = EndpointSpecParser.Parse([$"web/{service.Port}"], []),
                Servers = [.. Enumerable.Range(0, Nodes).Select(i => new Uri($"ws://{cluster[i].Server.UpstreamAddress}"))],
                BindAddress = "127.0.0.1:0",
                DrainKey = Key,
            });
            await agent.Agent.WhenReady;
            return new Pod(service, agent);
        }

        /// <summary>
        /// What a kubelet does, whose versions before 1.26 put a slash before the hook's path and look at no status: the hook, and then SIGTERM to both, whose idle connections the service closes at once.
        /// </summary>
        public async Task EndAsync()
        {
            using (var kubelet = new HttpClient())
                (await kubelet.GetAsync(new Uri($"http://{agent.Agent.LocalAddress}//drain/{Key}"), CancellationToken.None)).Dispose();
            await service.StopAsync();
            await agent.DisposeAsync();
            await service.DisposeAsync();
        }
    }
}
