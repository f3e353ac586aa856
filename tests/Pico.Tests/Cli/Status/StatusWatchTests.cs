using Pico.Cli.Settings;
using Pico.Cli.Status;
using Pico.Tests.Server;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Cli.Status;

public sealed class StatusWatchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(StatusOutput.Table)]
    [InlineData(StatusOutput.Json)]
    [InlineData(StatusOutput.Yaml)]
    public async Task Watch_ShowsWhatChanges_AndEndsWhenAsked(object format)
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        await agent.RegisterAsync("first");
        using var output = new HeardWriter();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var settings = new StatusSettings { Section = StatusSection.Endpoints, Output = (StatusOutput)format, Admin = { Server = $"http://{server.Server.AdminAddress}" } };
        using var client = new AdminClient(settings.Admin);

        var watching = new StatusWatch(client, settings, new Screen(output, 80, 24, HasColour: false), TextWriter.Null, TimeProvider.System).RunAsync(stop.Token);
        await output.HearAsync("first").WaitAsync(Patience, TestContext.Current.CancellationToken);
        await agent.RegisterAsync("second", EndpointProtocol.Http);
        await output.HearAsync("second").WaitAsync(Patience, TestContext.Current.CancellationToken);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.Equal(settings.Output == StatusOutput.Table, output.ToString().StartsWith("\e[2J\e[H", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Watch_WhoseServerGoes_SaysSoAndTriesAgain()
    {
        var server = await TestServer.StartAsync();
        using var output = new HeardWriter();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var settings = new StatusSettings { Section = StatusSection.Nodes, Admin = { Server = $"http://{server.Server.AdminAddress}" } };
        using var client = new AdminClient(settings.Admin);
        var watching = new StatusWatch(client, settings, new Screen(output, 80, 24, HasColour: false), TextWriter.Null, TimeProvider.System).RunAsync(stop.Token);
        await output.HearAsync("ready").WaitAsync(Patience, TestContext.Current.CancellationToken);

        await server.DisposeAsync();

        await output.HearAsync("Trying again.").WaitAsync(Patience, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    /// <summary>A writer that tells when a word was written.</summary>
    private sealed class HeardWriter : StringWriter
    {
        private readonly Lock _lock = new();
        private (string Word, TaskCompletionSource Heard)? _waiting;

        public Task HearAsync(string word)
        {
            lock (_lock)
            {
                var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _waiting = (word, heard);
                Look();
                return heard.Task;
            }
        }

        public override void Write(char[] buffer, int index, int count)
        {
            lock (_lock)
            {
                base.Write(buffer, index, count);
                Look();
            }
        }

        public override void Write(string? value)
        {
            lock (_lock)
            {
                base.Write(value);
                Look();
            }
        }

        public override void WriteLine(string? value) => Write(value + "\n");

        private void Look()
        {
            if (_waiting is { } waiting && ToString().Contains(waiting.Word, StringComparison.Ordinal))
                waiting.Heard.TrySetResult();
        }
    }
}
