using System.Net;
using System.Net.Http.Headers;
using Pico.Server.Admin.Streaming;
using Pico.Tests.Server.Cluster;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Admin;

public sealed class LiveAnswersTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_Followed_TellOfAnAgentThatComesAndGoes()
    {
        await using var server = await TestServer.StartAsync();
        using var stream = await FollowAsync(server, "/events");

        await using (var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress))
        {
            await agent.RegisterAsync("web", EndpointProtocol.Http);
            await stream.ReadUntilAsync("\"endpointAppeared\"");
        }

        await stream.ReadUntilAsync("\"endpointDisappeared\"");
    }

    [Fact]
    public async Task Events_WithTheLastIdThatIsKnown_GoOnBehindIt()
    {
        await using var server = await TestServer.StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        await agent.RegisterAsync("web", EndpointProtocol.Http);
        string id;
        using (var stream = await FollowAsync(server, "/events"))
            id = (await stream.ReadUntilAsync("id: "))[4..];

        using var again = await FollowAsync(server, "/events", id);
        var next = await again.ReadUntilAsync("data: ");

        Assert.DoesNotContain(id, next, StringComparison.Ordinal);
        Assert.Contains("endpointAppeared", next, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/status/endpoints", false)]
    [InlineData("/status/endpoints?node=node-1", true)]
    public async Task Resource_Followed_IsSaidAgainWhenItChanges(string path, bool isOther)
    {
        await using var cluster = await TestCluster.StartAsync(2);
        using var stream = await FollowAsync(cluster[0], path);
        await stream.ReadUntilAsync("\"items\":[]");

        await using var agent = await TestAgent.ConnectAsync(cluster[isOther ? 1 : 0].Server.UpstreamAddress);
        await agent.RegisterAsync("web", EndpointProtocol.Http);

        await stream.ReadUntilAsync("\"agentId\":\"agent-1\"");
    }

    [Fact]
    public async Task Streams_MoreThanAllowed_AreRefusedUntilOneEnds()
    {
        await using var server = await TestServer.StartAsync();
        var streams = new List<Follower>();
        for (var i = 0; i < StreamSlots.Max; i++)
            streams.Add(await FollowAsync(server, "/status/nodes"));

        using (var refused = await AskAsync(server, "/status/nodes"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        foreach (var stream in streams)
            stream.Dispose();

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            deadline.Token.ThrowIfCancellationRequested();
            using var response = await AskAsync(server, "/status/nodes");
            if (response.StatusCode == HttpStatusCode.OK)
                break;
        }
    }

    [Fact]
    public async Task Stream_OfWhatIsWrong_IsAProblemAtOnce()
    {
        await using var server = await TestServer.StartAsync();

        using var response = await AskAsync(server, "/status/endpoints?limit=0");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Stream_NodeStops_Ends()
    {
        await using var server = await TestServer.StartAsync();
        using var stream = await FollowAsync(server, "/events");

        await server.Server.StopAsync(Cancel);

        await Assert.ThrowsAnyAsync<Exception>(() => stream.ReadUntilAsync("never"));
    }

    private static readonly HttpClient Http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1000 });

    private static async Task<Follower> FollowAsync(TestServer server, string path, string? lastId = null)
    {
        var response = await AskAsync(server, path, lastId);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new Follower(response, new StreamReader(await response.Content.ReadAsStreamAsync(Cancel)));
    }

    private static async Task<HttpResponseMessage> AskAsync(TestServer server, string path, string? lastId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{server.Server.AdminAddress}{path}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastId is not null)
            request.Headers.Add("Last-Event-ID", lastId);
        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
    }

    private sealed class Follower(HttpResponseMessage response, StreamReader lines) : IDisposable
    {
        /// <summary>Gives the first line that has <paramref name="text"/>; fails if the stream ends before.</summary>
        public async Task<string> ReadUntilAsync(string text)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            deadline.CancelAfter(TimeSpan.FromSeconds(20));
            while (true)
            {
                var line = await lines.ReadLineAsync(deadline.Token) ?? throw new EndOfStreamException($"There was no '{text}'.");
                if (line.Contains(text, StringComparison.Ordinal))
                    return line;
            }
        }

        public void Dispose()
        {
            lines.Dispose();
            response.Dispose();
        }
    }
}
