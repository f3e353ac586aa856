using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Agent;

namespace Pico.Tests.Agent;

/// <summary>An agent that runs until the test ends, or stops it.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();

    public RunningAgent(AgentOptions options, ILoggerFactory? loggers = null, TimeProvider? time = null)
    {
        Agent = new PicoAgent(options, loggers ?? NullLoggerFactory.Instance, time ?? TimeProvider.System);
        Run = Agent.RunAsync(_stop.Token);
    }

    public PicoAgent Agent { get; }

    /// <summary>Completes when it has drained.</summary>
    public Task Run { get; }

    public Task StopAsync()
    {
        _stop.Cancel();
        return Run;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Agent.DisposeAsync();
        _stop.Dispose();
    }
}
