using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Pico.Server.Auth;
using Pico.Server.Upstreams.Tunnels.Http;

namespace Pico.Tests.Server.Upstreams.Tunnels;

public sealed class HttpPhaseTests
{
    private readonly Pipe _toServer = new();
    private readonly Pipe _fromServer = new();
    private readonly Heart _heart = new();
    private int _beats;

    [Fact]
    public async Task Http_EndsWithoutATunnel_EndsTheConnectionsPipes()
    {
        var connection = Connection();

        var offer = await HttpPhase.SpeakAsync(connection, SpeakAsync);

        Assert.Null(offer);
        Assert.True((await _fromServer.Reader.ReadAsync(TestContext.Current.CancellationToken)).IsCompleted);
        Assert.True((await _toServer.Writer.FlushAsync(TestContext.Current.CancellationToken)).IsCompleted);
    }

    [Fact]
    public async Task Http_BecameATunnel_LeavesThePipesToItWithWhatHttpDidNotRead()
    {
        var connection = Connection();
        await _toServer.Writer.WriteAsync("head|frame"u8.ToArray(), TestContext.Current.CancellationToken);

        var offer = await HttpPhase.SpeakAsync(connection, async phase =>
        {
            var read = await phase.Transport.Input.ReadAsync();
            phase.Transport.Input.AdvanceTo(read.Buffer.GetPosition("head|".Length));
            phase.Features.GetRequiredFeature<HttpPhase>().Become(new TunnelOffer(VerifiedToken.Anonymous, "here"));
            await SpeakAsync(phase);
        });

        Assert.Equal("here", offer?.RemoteAddress);
        await using var stream = new PipeStream(connection.Transport);
        var buffer = new byte[16];
        Assert.Equal("frame"u8.ToArray(), buffer[..await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)]);
        await stream.WriteAsync("answer"u8.ToArray(), TestContext.Current.CancellationToken);
        var answer = await _fromServer.Reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("answer".Length, false), (answer.Buffer.Length, answer.IsCompleted));
    }

    [Fact]
    public async Task Heartbeat_HttpIsOver_ReachesItNoMore()
    {
        var connection = Connection();

        await HttpPhase.SpeakAsync(connection, phase =>
        {
            phase.Features.GetRequiredFeature<IConnectionHeartbeatFeature>().OnHeartbeat(_ => _beats++, this);
            _heart.Beat();
            return Task.CompletedTask;
        });
        _heart.Beat();

        Assert.Equal(1, _beats);
    }

    [Fact]
    public async Task Stream_ThePeerIsGone_FailsToWrite()
    {
        await using var stream = new PipeStream(Connection().Transport);
        await _fromServer.Reader.CompleteAsync();

        await Assert.ThrowsAsync<IOException>(async () => await stream.WriteAsync("answer"u8.ToArray(), TestContext.Current.CancellationToken));
    }

    private static async Task SpeakAsync(ConnectionContext phase)
    {
        await phase.Transport.Input.CompleteAsync();
        await phase.Transport.Output.CompleteAsync();
    }

    private DefaultConnectionContext Connection()
    {
        var connection = new DefaultConnectionContext("test", new Duplex(_toServer.Reader, _fromServer.Writer), new Duplex(_fromServer.Reader, _toServer.Writer));
        connection.Features.Set<IConnectionHeartbeatFeature>(_heart);
        return connection;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Heart : IConnectionHeartbeatFeature
    {
        private readonly List<Action> _handlers = [];

        public void OnHeartbeat(Action<object> action, object state) => _handlers.Add(() => action(state));

        public void Beat() => _handlers.ForEach(static handler => handler());
    }
}
