using Pico.Agent;
using Pico.Agent.Endpoints;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Agent;

/// <summary>An agent against a node and services on loopback.</summary>
public sealed class PicoAgentTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Soon =>
        CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken, new CancellationTokenSource(Patience, TimeProvider.System).Token).Token;

    private static AgentOptions Options(TestNode node, params EndpointSpec[] endpoints) => new()
    {
        Servers = [node.Url],
        Endpoints = endpoints,
        Connections = 1,
        GracePeriod = TimeSpan.FromSeconds(5),
        ReconnectMinDelay = TimeSpan.FromMilliseconds(10),
        ReconnectMaxDelay = TimeSpan.FromMilliseconds(100),
    };

    [Fact]
    public async Task Stream_ThatTheNodeOpens_ReachesTheService()
    {
        await using var node = new TestNode();
        using var service = new TestService { Serve = TestService.EchoAsync };
        await using var agent = new RunningAgent(Options(node, service.Spec()));
        var (tunnel, handler) = await node.NextTunnelAsync(Soon);
        var registration = await handler.Registered.Reader.ReadAsync(Soon);
        await using var stream = await tunnel.OpenAsync(new StreamOpen { RegistrationId = registration.Id, Protocol = registration.Protocol }, Soon);

        await stream.WriteAsync("hello"u8.ToArray(), Soon);
        stream.CompleteOutput();
        using var reader = new StreamReader(stream.AsStream());

        Assert.Equal(("echo", EndpointProtocol.Tcp), (registration.EndpointId, registration.Protocol));
        Assert.Equal("hello", await reader.ReadToEndAsync(Soon));
        await agent.Agent.WhenReady.WaitAsync(Soon);
    }

    [Fact]
    public async Task Stream_ToAServiceThatIsNotThere_IsRefusedWithTheReason()
    {
        await using var node = new TestNode();
        var service = new TestService();
        var spec = service.Spec();
        service.Dispose();
        await using var agent = new RunningAgent(Options(node, spec));
        var (tunnel, handler) = await node.NextTunnelAsync(Soon);
        var registration = await handler.Registered.Reader.ReadAsync(Soon);

        var refused = await Assert.ThrowsAsync<StreamException>(
            async () => await tunnel.OpenAsync(new StreamOpen { RegistrationId = registration.Id, Protocol = registration.Protocol }, Soon));

        Assert.Equal(StreamError.ServiceUnreachable, refused.Error);
        Assert.Contains($"127.0.0.1:{spec.Port}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_ForAnUnknownRegistration_IsRefused()
    {
        await using var node = new TestNode();
        await using var agent = new RunningAgent(Options(node));
        var (tunnel, _) = await node.NextTunnelAsync(Soon);

        var refused = await Assert.ThrowsAsync<StreamException>(
            async () => await tunnel.OpenAsync(new StreamOpen { RegistrationId = 99, Protocol = EndpointProtocol.Tcp }, Soon));

        Assert.Equal(StreamError.UnknownEndpoint, refused.Error);
    }

    [Fact]
    public async Task EndpointWhoseServiceMoves_IsRegisteredAnewBeforeTheFormerIsWithdrawn()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "endpoints:\n- id: web\n  address: 127.0.0.1:1\n", Soon);
        await using var node = new TestNode();
        using var service = new TestService { Serve = TestService.EchoAsync };
        var options = Options(node, service.Spec("kept"));
        options.EndpointsFile = file;
        await using var agent = new RunningAgent(options);
        var (tunnel, handler) = await node.NextTunnelAsync(Soon);
        var registered = new[] { await handler.Registered.Reader.ReadAsync(Soon), await handler.Registered.Reader.ReadAsync(Soon) };
        var former = registered.Single(r => r.EndpointId == "web");

        await File.WriteAllTextAsync(file, $"endpoints:\n- id: web\n  address: 127.0.0.1:{service.Port}\n", Soon);
        var anew = await handler.Registered.Reader.ReadAsync(Soon);
        var withdrawn = await handler.Deregistered.Reader.ReadAsync(Soon);

        Assert.Equal("web", anew.EndpointId);
        Assert.Equal(former.Id, withdrawn);
        await using var stream = await tunnel.OpenAsync(new StreamOpen { RegistrationId = anew.Id, Protocol = anew.Protocol }, Soon);
        Assert.False(handler.Deregistered.Reader.TryRead(out _));
        File.Delete(file);
    }

    [Fact]
    public async Task RefusedEndpoint_LeavesTheOthersRegistered()
    {
        await using var node = new TestNode { Judge = r => r.EndpointId == "bad" ? "not yours" : null };
        using var service = new TestService { Serve = TestService.EchoAsync };
        await using var agent = new RunningAgent(Options(node, service.Spec("bad"), service.Spec("good")));
        var (tunnel, handler) = await node.NextTunnelAsync(Soon);
        var registrations = new[] { await handler.Registered.Reader.ReadAsync(Soon), await handler.Registered.Reader.ReadAsync(Soon) };
        var good = registrations.Single(r => r.EndpointId == "good");

        await using var stream = await tunnel.OpenAsync(new StreamOpen { RegistrationId = good.Id, Protocol = good.Protocol }, Soon);

        Assert.True(tunnel.IsOpen);
    }

    [Fact]
    public async Task LostTunnel_IsReplaced()
    {
        await using var node = new TestNode();
        using var service = new TestService { Serve = TestService.EchoAsync };
        await using var agent = new RunningAgent(Options(node, service.Spec()));
        var (first, handler) = await node.NextTunnelAsync(Soon);
        await handler.Registered.Reader.ReadAsync(Soon);

        await first.CloseAsync(TunnelError.Internal, "broken on purpose");
        var (_, again) = await node.NextTunnelAsync(Soon);

        Assert.Equal("echo", (await again.Registered.Reader.ReadAsync(Soon)).EndpointId);
    }

    [Fact]
    public async Task GoAway_OpensTheReplacementFirst_AndLetsStreamsFinish()
    {
        await using var node = new TestNode();
        using var service = new TestService { Serve = TestService.EchoAsync };
        await using var agent = new RunningAgent(Options(node, service.Spec()));
        var (old, handler) = await node.NextTunnelAsync(Soon);
        var registration = await handler.Registered.Reader.ReadAsync(Soon);
        var stream = await old.OpenAsync(new StreamOpen { RegistrationId = registration.Id, Protocol = registration.Protocol }, Soon);

        old.GoAway(TunnelError.Draining, "maintenance");
        var (_, replacement) = await node.NextTunnelAsync(Soon);
        await replacement.Registered.Reader.ReadAsync(Soon);
        await handler.Deregistered.Reader.ReadAsync(Soon);
        await stream.WriteAsync("still here"u8.ToArray(), Soon);
        stream.CompleteOutput();
        using var reader = new StreamReader(stream.AsStream());

        Assert.Equal("still here", await reader.ReadToEndAsync(Soon));
        Assert.Equal(TunnelError.None, (await old.Completion.WaitAsync(Soon)).Error);
    }

    [Fact]
    public async Task GoAway_ToRebalance_MovesToAnotherNodeOnlyAndCutsNothing()
    {
        await using var node = new TestNode("node-1");
        int port;
        await using (var later = new TestNode("later"))
            port = later.Port;
        using var service = new TestService { Serve = TestService.EchoAsync };
        var options = Options(node, service.Spec());
        options.Servers = [node.Url, new($"ws://127.0.0.1:{port}")];
        options.GracePeriod = TimeSpan.Zero;
        await using var agent = new RunningAgent(options);
        var (old, handler) = await node.NextTunnelAsync(Soon);
        var registration = await handler.Registered.Reader.ReadAsync(Soon);
        var stream = await old.OpenAsync(new StreamOpen { RegistrationId = registration.Id, Protocol = registration.Protocol }, Soon);
        await node.Hellos.Reader.ReadAsync(Soon);

        old.GoAway(TunnelError.Rebalance, "even out");
        for (var i = 0; i < 6; i++)
            Assert.False((await node.Hellos.Reader.ReadAsync(Soon)).AcceptsDuplicate);
        Assert.False(handler.Deregistered.Reader.TryRead(out _));

        await using var another = new TestNode("node-2", port);
        await another.NextTunnelAsync(Soon);
        await handler.Deregistered.Reader.ReadAsync(Soon);
        await handler.GoneAway.Task.WaitAsync(Soon);
        await stream.WriteAsync("still here"u8.ToArray(), Soon);
        stream.CompleteOutput();
        using var reader = new StreamReader(stream.AsStream());

        Assert.Equal("still here", await reader.ReadToEndAsync(Soon));
    }

    [Fact]
    public async Task SecondTunnel_GoesToAnotherNode()
    {
        await using var one = new TestNode("node-1");
        await using var two = new TestNode("node-2");
        var options = Options(one);
        options.Servers = [one.Url, two.Url];
        options.Connections = 2;

        await using var agent = new RunningAgent(options);

        await one.NextTunnelAsync(Soon);
        await two.NextTunnelAsync(Soon);
    }

    [Fact]
    public async Task SecondTunnel_WithASingleNode_IsADuplicateAfterAFewRefusals()
    {
        await using var node = new TestNode();
        var options = Options(node);
        options.Connections = 2;
        await using var agent = new RunningAgent(options);

        await node.NextTunnelAsync(Soon);
        await node.NextTunnelAsync(Soon);

        var hellos = new List<TunnelHello>();
        while (node.Hellos.Reader.TryRead(out var hello))
            hellos.Add(hello);
        Assert.True(hellos[^1].AcceptsDuplicate);
        Assert.Equal([node.Id], hellos[^1].HeldNodes);
        Assert.InRange(hellos.Count(h => h.HeldNodes.Count > 0 && !h.AcceptsDuplicate), 2, 3);
    }

    [Fact]
    public async Task Stop_WithdrawsThenLetsStreamsFinishThenCloses()
    {
        await using var node = new TestNode();
        using var service = new TestService { Serve = TestService.EchoAsync };
        await using var agent = new RunningAgent(Options(node, service.Spec()));
        var (tunnel, handler) = await node.NextTunnelAsync(Soon);
        var registration = await handler.Registered.Reader.ReadAsync(Soon);
        var stream = await tunnel.OpenAsync(new StreamOpen { RegistrationId = registration.Id, Protocol = registration.Protocol }, Soon);

        var stopped = agent.StopAsync();
        Assert.Equal(registration.Id, await handler.Deregistered.Reader.ReadAsync(Soon));
        await handler.GoneAway.Task.WaitAsync(Soon);
        await stream.WriteAsync("last words"u8.ToArray(), Soon);
        stream.CompleteOutput();
        using var reader = new StreamReader(stream.AsStream());

        Assert.Equal("last words", await reader.ReadToEndAsync(Soon));
        await stopped.WaitAsync(Soon);
        Assert.Equal(TunnelError.None, (await tunnel.Completion.WaitAsync(Soon)).Error);
    }

    [Fact]
    public async Task Stop_CutsStreamsThatOutliveTheGracePeriod()
    {
        await using var node = new TestNode();
        using var service = new TestService();
        var options = Options(node, service.Spec());
        options.GracePeriod = TimeSpan.FromMilliseconds(200);
        await using var agent = new RunningAgent(options);
        var (tunnel, handler) = await node.NextTunnelAsync(Soon);
        var registration = await handler.Registered.Reader.ReadAsync(Soon);
        var stream = await tunnel.OpenAsync(new StreamOpen { RegistrationId = registration.Id, Protocol = registration.Protocol }, Soon);

        await agent.StopAsync().WaitAsync(Soon);

        await Assert.ThrowsAsync<StreamException>(async () => await stream.Input.ReadAsync(Soon));
    }

    [Fact]
    public async Task Token_IsReadAgainAtEveryConnect()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "first\n", Soon);
        await using var node = new TestNode { Answer = "500 Oops" };
        var options = Options(node);
        options.TokenFile = file;
        await using var agent = new RunningAgent(options);
        Assert.Contains("Authorization: Bearer first\r\n", await node.Requests.Reader.ReadAsync(Soon), StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, "second\n", Soon);
        node.Answer = "101 Switching Protocols";
        await node.NextTunnelAsync(Soon);
        var last = "";
        while (node.Requests.Reader.TryRead(out var request))
            last = request;

        Assert.Contains("Authorization: Bearer second\r\n", last, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public void WrongOptions_AreRefusedAllAtOnce()
    {
        var options = new AgentOptions { Servers = [new("ftp://host")], Connections = 0, BindAddress = "nowhere" };

        var refused = Assert.Throws<AgentConfigurationException>(() => new RunningAgent(options));

        Assert.Equal(3, refused.Errors.Count);
    }
}
