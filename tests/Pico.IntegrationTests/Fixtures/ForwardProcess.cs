namespace Pico.IntegrationTests.Fixtures;

/// <summary>A running <c>pico forward</c>.</summary>
internal sealed class ForwardProcess : IAsyncDisposable
{
    private ForwardProcess(BackgroundProcess process, int port)
    {
        Process = process;
        Port = port;
    }

    /// <summary>The process itself.</summary>
    public BackgroundProcess Process { get; }

    /// <summary>The local port whose connections go to the endpoint.</summary>
    public int Port { get; }

    /// <summary>Starts forwarding to <paramref name="endpointId"/> and waits until the port listens.</summary>
    public static Task<ForwardProcess> StartAsync(Uri proxy, string endpointId, params string[] options) => StartAsync(proxy, endpointId, Surroundings.Here, options);

    /// <summary>As <see cref="StartAsync(Uri, string, string[])"/>, somewhere.</summary>
    public static async Task<ForwardProcess> StartAsync(Uri proxy, string endpointId, Surroundings surroundings, params string[] options)
    {
        var port = Ports.Free();
        var process = PicoProgram.Start("forward", surroundings, [$"{port}", endpointId, "--server", proxy.GetLeftPart(UriPartial.Authority), .. options]);
        await process.WaitUntilAsync("the forwarder listens", () => TcpProbe.Listens(port));
        return new(process, port);
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
