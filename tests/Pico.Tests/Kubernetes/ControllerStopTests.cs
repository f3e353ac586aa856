using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Pico.Cli.Verbs;
using Pico.Kubernetes;
using Pico.Tests.Agent;
using Pico.Tests.Server;

namespace Pico.Tests.Kubernetes;

/// <summary>A controller that is asked to stop ends soon, whatever the API server does.</summary>
public sealed class ControllerStopTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TestFolder _folder = new();
    private readonly FakeApiServer _api = new();

    [Fact]
    public async Task Controller_ThatLeads_EndsSoon_AndGivesItsLeaseBack()
    {
        const string Lease = "/apis/coordination.k8s.io/v1/namespaces/pico/leases/pico-controller";
        using var log = new RecordingLogger();
        await using var port = await FakeApiPort.StartAsync(_api);
        using var stop = new CancellationTokenSource();
        await using var controller = Controller(port.KubeConfig, log);
        var running = controller.RunAsync(stop.Token);
        await log.WaitForAsync("leads from now on", Patience);

        await stop.CancelAsync();

        await running.WaitAsync(Soon, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal("", (string?)_api.Get(Lease)!["spec"]!["holderIdentity"]);
    }

    [Fact]
    public async Task Controller_WhoseApiServerHangs_EndsSoon()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var stop = new CancellationTokenSource();
        await using var controller = Controller($$$"""
            {"apiVersion": "v1", "kind": "Config", "current-context": "test", "clusters": [{"name": "test", "cluster": {"server": "http://{{{silent.LocalEndpoint}}}"}}],
             "users": [{"name": "test", "user": {"token": "secret"}}], "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": "pico"}}]}
            """, NullLoggerFactory.Instance);
        var running = controller.RunAsync(stop.Token);
        using var asked = await silent.AcceptTcpClientAsync(TestContext.Current.CancellationToken);

        await stop.CancelAsync();

        await running.WaitAsync(Soon, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Webhook_OfAControllerThatIsAskedToStop_AnswersForTheDrainDelay()
    {
        using var log = new RecordingLogger();
        await using var port = await FakeApiPort.StartAsync(_api);
        using var stop = new CancellationTokenSource();
        var time = new FakeTimeProvider();
        await using var controller = Controller(port.KubeConfig, log, time, webhook: true);
        var running = controller.RunAsync(stop.Token);
        await log.WaitForAsync("The webhook listens", Patience);

        var address = controller.WebhookAddress!;

        await stop.CancelAsync();

        using (var client = new TcpClient())
            await client.ConnectAsync(address, TestContext.Current.CancellationToken);
        Assert.False(running.IsCompleted);
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return running.IsCompleted;
        });
        await controller.DisposeAsync();
        using var late = new TcpClient();
        await Assert.ThrowsAnyAsync<SocketException>(async () => await late.ConnectAsync(address, TestContext.Current.CancellationToken));
    }

    public void Dispose()
    {
        _api.Dispose();
        _folder.Dispose();
    }

    private PicoController Controller(string kubeConfig, ILoggerFactory loggers, TimeProvider? time = null, bool webhook = false)
    {
        var options = new ControllerOptions { BindAddress = "127.0.0.1:0", KubeConfigFile = _folder.Write("kubeconfig", kubeConfig) };
        options.Webhook.BindAddress = webhook ? "127.0.0.1:0" : "";
        return new(options, ControllerVerb.AgentOptions, loggers, time ?? TimeProvider.System);
    }
}
