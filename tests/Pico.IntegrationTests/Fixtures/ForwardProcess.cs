namespace Pico.IntegrationTests.Fixtures;

/// <summary>A running <c>pico forward</c>.</summary>
internal sealed class ForwardProcess : IAsyncDisposable
{
    private readonly BackgroundProcess _process;

    private ForwardProcess(BackgroundProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    /// <summary>The local port whose connections go to the endpoint.</summary>
    public int Port { get; }

    /// <summary>Starts forwarding to <paramref name="endpointId"/> and waits until the port listens.</summary>
    public static async Task<ForwardProcess> StartAsync(Uri proxy, string endpointId, params string[] options)
    {
        var port = Ports.Free();
        var process = PicoProgram.Start("forward", [$"{port}", endpointId, "--server", proxy.GetLeftPart(UriPartial.Authority), .. options]);
        await process.WaitUntilAsync("the forwarder listens", () => TcpProbe.Listens(port));
        return new(process, port);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
