using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Tunnel;

/// <summary>Opens, writes, half-closes, resets and aborts from both sides at once; a watchdog proves that nothing hangs.</summary>
public sealed class StressTests(ITestOutputHelper output)
{
    [Fact]
    public async Task OpensResetsHalfClosesAndAborts_FromBothSides_LeaveNothingBehind()
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("PICO_STRESS_ROUNDS") ?? "300");
        var seed = int.Parse(Environment.GetEnvironmentVariable("PICO_STRESS_SEED") ?? Random.Shared.Next().ToString());
        output.WriteLine($"PICO_STRESS_SEED={seed} PICO_STRESS_ROUNDS={rounds}");
        await using var pair = await TunnelPair.CreateAsync();
        pair.ClientHandler.Serve = s => MisuseAsync(s, new Random(seed ^ (int)s.Id));
        pair.ServerHandler.Serve = s => MisuseAsync(s, new Random(seed ^ (int)s.Id));
        var workers = Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            var random = new Random(seed + w);
            var opener = w % 2 == 0 ? pair.Server : pair.Client;
            for (var i = 0; i < rounds; i++)
                await MisuseAsync(await opener.OpenAsync(TunnelPair.Tcp, CancellationToken.None), random);
        }));

        await Task.WhenAll(workers).WaitAsync(TimeSpan.FromSeconds(120), TimeProvider.System);
        await pair.Server.WhenIdleAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        await pair.Client.WhenIdleAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
        Assert.True(pair.Server.IsOpen && pair.Client.IsOpen);
    }

    private static async Task MisuseAsync(TunnelStream stream, Random random)
    {
        await using (stream)
        {
            var reading = ReadSomeAsync(stream, random.Next(400_000));
            try
            {
                for (var writes = random.Next(6); writes > 0; writes--)
                {
                    using var cancel = random.Next(10) == 0 ? new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(3)), TimeProvider.System) : null;
                    var writing = stream.WriteAsync(new byte[random.Next(1, 150_000)], cancel?.Token ?? CancellationToken.None);
                    if (random.Next(8) == 0)
                        stream.Abort(StreamError.Cancelled);
                    await writing;
                }

                // A side that neither ends nor aborts would rightly keep the other one waiting.
                if (random.Next(3) > 0)
                    stream.CompleteOutput();
                else
                    stream.Abort(StreamError.Internal);
            }
            catch (Exception e) when (e is StreamException or OperationCanceledException or InvalidOperationException)
            {
                stream.Abort(StreamError.ServiceReset);
            }

            if (random.Next(4) == 0)
                stream.Abort(StreamError.Cancelled);
            await reading;
        }
    }

    /// <summary>Reads up to an amount, then drops the rest, as consumers that lose interest do.</summary>
    private static async Task ReadSomeAsync(TunnelStream stream, long amount)
    {
        try
        {
            while (amount > 0)
            {
                var result = await stream.Input.ReadAsync();
                amount -= result.Buffer.Length;
                stream.Input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                    return;
            }

            stream.Input.Complete();
        }
        catch (StreamException)
        {
            // Reset by either side: expected here.
        }
    }
}
