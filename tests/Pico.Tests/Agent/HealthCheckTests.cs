using System.Net.Sockets;
using System.Text;
using Pico.Agent;
using Pico.Agent.Endpoints;
using Pico.Agent.Health;

namespace Pico.Tests.Agent;

public sealed class HealthCheckTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", null)]
    [InlineData("HTTP/1.0 204 No Content\r\n\r\n", null)]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\n\r\n", "answered with 503")]
    [InlineData("HTTP/1.1 301 Moved Permanently\r\n\r\n", "answered with 301")]
    [InlineData("220 mail.example ESMTP\r\n", "does not speak HTTP")]
    [InlineData("HTTP/", "without an answer")]
    public async Task HttpCheck_WantsA2xxStatus(string answer, string? expected)
    {
        using var service = new TestService { Serve = socket => AnswerAsync(socket, answer) };

        var failure = await CheckAsync(service.Port, new HealthCheckSettings { Path = "/ready" });

        if (expected is null)
            Assert.Null(failure);
        else
            Assert.Contains(expected, failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SilentService_FailsInTime()
    {
        using var service = new TestService();

        var failure = await CheckAsync(service.Port, new HealthCheckSettings { Path = "/", Timeout = TimeSpan.FromMilliseconds(200) });

        Assert.Equal("no answer within 0.2 s", failure);
    }

    [Fact]
    public async Task TcpCheck_WantsAConnect()
    {
        var service = new TestService();
        var well = await CheckAsync(service.Port, new HealthCheckSettings());
        service.Dispose();

        Assert.Null(well);
        Assert.NotNull(await CheckAsync(service.Port, new HealthCheckSettings()));
    }

    [Fact]
    public async Task UnhealthyEndpoint_IsWithdrawnUntilItRecovers()
    {
        var status = "503 Starting";
        using var service = new TestService { Serve = socket => AnswerAsync(socket, $"HTTP/1.1 {Volatile.Read(ref status)}\r\n\r\n") };
        await using var node = new TestNode();
        using var soon = new CancellationTokenSource(Patience, TimeProvider.System);
        var checkedEndpoint = new EndpointSpec
        {
            Id = "checked",
            Host = "127.0.0.1",
            Port = service.Port,
            Health = new HealthCheckSettings { Path = "/", Interval = TimeSpan.FromMilliseconds(100), UnhealthyThreshold = 2 },
        };
        await using var agent = new RunningAgent(new AgentOptions
        {
            Servers = [node.Url],
            Connections = 1,
            GracePeriod = TimeSpan.FromSeconds(1),
            Endpoints = [checkedEndpoint, service.Spec("other")],
        });
        var (_, handler) = await node.NextTunnelAsync(soon.Token);
        Assert.Equal("other", (await handler.Registered.Reader.ReadAsync(soon.Token)).EndpointId);

        Volatile.Write(ref status, "200 OK");
        var registration = await handler.Registered.Reader.ReadAsync(soon.Token);
        Assert.Equal("checked", registration.EndpointId);
        Volatile.Write(ref status, "500 Oops");
        Assert.Equal(registration.Id, await handler.Deregistered.Reader.ReadAsync(soon.Token));
        Volatile.Write(ref status, "200 OK");

        Assert.Equal("checked", (await handler.Registered.Reader.ReadAsync(soon.Token)).EndpointId);
    }

    private static Task<string?> CheckAsync(int port, HealthCheckSettings settings) =>
        HealthCheck.RunAsync(
            new Endpoint(new EndpointSpec { Id = "a", Host = "127.0.0.1", Port = port }, TimeProvider.System),
            settings, TimeProvider.System, TestContext.Current.CancellationToken);

    private static async Task AnswerAsync(Socket socket, string answer)
    {
        using var owned = socket;
        var buffer = new byte[4096];
        if (await socket.ReceiveAsync(buffer) == 0)
            return;
        await socket.SendAsync(Encoding.ASCII.GetBytes(answer));
        socket.Shutdown(SocketShutdown.Send);
        while (await socket.ReceiveAsync(buffer) > 0)
            continue;
    }
}
