namespace Pico.Tests.Server.Proxy.Http2;

/// <summary>Clients that abuse HTTP/2: the server puts an end to it, or it costs nobody anything; others are served throughout.</summary>
public sealed class Http2FloodTests(Http2Target target) : IClassFixture<Http2Target>
{
    /// <summary>What one request of the others may take at most, on a machine that has much else to do.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static (string, string)[] Head(string endpointId) => [(":method", "GET"), (":scheme", "http"), (":authority", $"{endpointId}.test"), (":path", "/")];

    /// <summary>Each asks for an answer that nobody reads.</summary>
    public static TheoryData<string, byte[]> Questions { get; } = new()
    {
        { "SETTINGS", Http2Frames.Frame(Http2Type.Settings, 0, 0, [0, 3, 0, 0, 0, 100]) },
        { "empty SETTINGS", Http2Frames.Frame(Http2Type.Settings, 0, 0, []) },
        { "PING", Http2Frames.Frame(Http2Type.Ping, 0, 0, new byte[8]) },
    };

    /// <summary>Frames that mean nothing, but are allowed.</summary>
    public static TheoryData<string, byte[]> Noise { get; } = new()
    {
        { "WINDOW_UPDATE", Http2Frames.Frame(Http2Type.WindowUpdate, 0, 1) },
        { "PRIORITY", Http2Frames.Frame(Http2Type.Priority, 0, 1, new byte[5]) },
        { "unknown type", Http2Frames.Frame((Http2Type)77, 0, 1, new byte[5]) },
        { "SETTINGS acknowledged", Http2Frames.Frame(Http2Type.Settings, 1, 0, []) },
        { "empty DATA", Http2Frames.Frame(Http2Type.Data, 0, 1, []) },
        { "padded DATA", Http2Frames.Frame(Http2Type.Data, 8, 1, [0]) },
    };

    [Theory]
    [MemberData(nameof(Questions))]
    public Task Questions_WhoseAnswersNobodyReads_AreNotCollected(string what, byte[] frame) => WhileOthersAreServedAsync(what, async client =>
    {
        // Answers to all of it would be as long: it can only end if they are not kept.
        Assert.True(await client.FloodAsync(Many(frame, 1000), megabytes: 64));
    });

    [Theory]
    [MemberData(nameof(Noise))]
    public Task Noise_IsReadAndForgotten(string what, byte[] frame) => WhileOthersAreServedAsync(what, async client =>
    {
        await client.SendHeadAsync(1, Head("slow"), endStream: false);
        await client.FloodAsync(Many(frame, 1000), megabytes: 10);
    });

    [Theory]
    [InlineData(1000)]
    [InlineData(1)]
    public Task Continuation_WithoutEnd_IsCutOffAtTheHeadsSize(int size) => WhileOthersAreServedAsync($"CONTINUATION of {size}", async client =>
    {
        await client.SendAsync(Http2Type.Headers, 0, 1, Http2Frames.Block(Head("orders")));

        Assert.True(await client.FloodAsync(Many(Http2Frames.Frame(Http2Type.Continuation, 0, 1, Http2Frames.Block([("x", new string('a', size))])), 100), megabytes: 32));
        await AssertEndedAsync(client);
    });

    [Fact]
    public Task Head_ThatUnfoldsToMuchMore_IsCutOffAtTheHeadsSize() => WhileOthersAreServedAsync("a head that unfolds", async client =>
    {
        var block = new MemoryStream();
        block.Write(Http2Frames.Block(Head("orders")));
        // A field of 4,000 bytes enters the dynamic table (RFC 7541 section 6.2.1), and is said again in one byte ten thousand times: 40 MB.
        block.Write([0x40, 1, (byte)'x', 127, 0xa1, 0x1e]);
        block.Write(Many([(byte)'a'], 4000));
        block.Write(Many([0x80 | 62], 10_000));

        await client.SendAsync(Http2Type.Headers, Http2Frames.EndHeaders | Http2Frames.EndStream, 1, block.ToArray());

        Assert.NotEqual("200", await client.OutcomeAsync(1));
    });

    [Theory]
    [InlineData("orders")]
    [InlineData("slow")]
    [InlineData("nobody")]
    public Task Requests_ThatAreTakenBackAtOnce_EndTheConnection(string endpointId) => WhileOthersAreServedAsync($"rapid reset of {endpointId}", async client =>
    {
        const int Most = 50_000;
        var sent = 0;
        try
        {
            for (; sent < Most; sent += 100)
            {
                var round = new MemoryStream();
                for (var stream = (2 * sent) + 1; stream < 2 * (sent + 100); stream += 2)
                {
                    round.Write(Http2Frames.Frame(Http2Type.Headers, Http2Frames.EndHeaders | Http2Frames.EndStream, stream, Http2Frames.Block(Head(endpointId))));
                    round.Write(Http2Frames.Frame(Http2Type.RstStream, stream, 8));
                }

                await client.SendAsync(round.ToArray());
            }
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // Cut off.
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{sent} of {Most} sent");
        Assert.InRange(sent, 0, Most - 100);
    });

    [Fact]
    public Task Requests_WithoutNumber_WaitBeforeTheService() => WhileOthersAreServedAsync("streams", async client =>
    {
        var before = await InFlightAsync();
        for (var stream = 1; stream < 2000; stream += 2)
            await client.SendHeadAsync(stream, Head("slow"), endStream: true);

        var refused = 0;
        while (refused < 1000 - 256)
        {
            var frame = await client.ReadAsync();
            Assert.NotNull(frame);
            Assert.NotEqual(Http2Type.GoAway, frame.Type);
            refused += frame.Type == Http2Type.RstStream ? 1 : 0;
        }

        Assert.InRange(await InFlightAsync() - before, 0, 256 + 1);
    });

    [Theory]
    [InlineData(Http2Type.RstStream, 1)]
    [InlineData(Http2Type.Data, 0)]
    [InlineData(Http2Type.PushPromise, 1)]
    [InlineData(Http2Type.Continuation, 1)]
    [InlineData(Http2Type.Headers, 2)]
    public async Task Frame_ThatMayNotCome_EndsTheConnection(Http2Type type, int stream)
    {
        using var client = await Http2Client.ConnectAsync(target.Address);

        await client.SendAsync(type, Http2Frames.EndHeaders, stream, new byte[4]);

        await AssertEndedAsync(client);
    }

    /// <summary>Makes requests, each on a connection of its own, until <paramref name="abuse"/> is over; afterwards nothing of it is left.</summary>
    private async Task WhileOthersAreServedAsync(string what, Func<Http2Client, Task> abuse)
    {
        var (served, longest) = (0, TimeSpan.Zero);
        using (var client = await Http2Client.ConnectAsync(target.Address))
        {
            var running = Task.Run(() => abuse(client));
            do
            {
                var start = TimeProvider.System.GetTimestamp();
                using var other = await Http2Client.ConnectAsync(target.Address);
                await other.SendHeadAsync(1, Head("orders"), endStream: true);
                Assert.Equal("200", await other.OutcomeAsync(1));
                var took = TimeProvider.System.GetElapsedTime(start);
                (served, longest) = (served + 1, took > longest ? took : longest);
            }
            while (!running.IsCompleted);
            await running;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {served} others served, the slowest in {longest.TotalMilliseconds:0} ms");
        Assert.InRange(longest, TimeSpan.Zero, Patience);
        await target.Server.StatusAsync(s => s.Nodes[0].RequestsInFlight == 0);
    }

    private async Task<int> InFlightAsync() => (int)(await target.Server.StatusAsync()).Nodes[0].RequestsInFlight!;

    // The server says why, unless so much was on its way that the connection is reset before that is read.
    private static async Task AssertEndedAsync(Http2Client client) => Assert.Matches("^(goaway|closed)", await client.OutcomeAsync(-1));

    private static byte[] Many(byte[] what, int count)
    {
        var all = new MemoryStream();
        for (var i = 0; i < count; i++)
            all.Write(what);
        return all.ToArray();
    }
}
