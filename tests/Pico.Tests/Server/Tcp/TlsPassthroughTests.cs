using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Pico.Tunnel;

namespace Pico.Tests.Server.Tcp;

public sealed class TlsPassthroughTests
{
    private static readonly X509Certificate2 Certificate = TestCertificate.Create("db.example.com");

    [Theory]
    [InlineData("", "db.example.com")]
    [InlineData("", "DB.example.com")]
    [InlineData("example.com", "db.example.com")]
    public async Task Connection_KnownName_ReachesTheServiceUndecrypted(string baseDomain, string name)
    {
        await using var server = await StartAsync(baseDomain);
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: ServeTlsAsync);
        Assert.Null(await agent.RegisterAsync("db"));

        using var socket = await ConnectAsync(server);
        await using var tls = new SslStream(new NetworkStream(socket), false, (_, certificate, _, _) => Certificate.Equals(certificate));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name }, TestContext.Current.CancellationToken);
        await tls.WriteAsync(new byte[300_000], TestContext.Current.CancellationToken);
        await tls.ShutdownAsync();

        Assert.Equal(300_000, await CountAsync(tls));
    }

    [Fact]
    public async Task Connection_HelloInManySegments_IsRouted()
    {
        await using var server = await StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: TestAgent.EchoAsync);
        Assert.Null(await agent.RegisterAsync("db"));
        var hello = await ClientHelloTests.RealHello("db.example.com");

        using var socket = await ConnectAsync(server);
        foreach (var piece in hello.Chunk(hello.Length / 5))
            await socket.SendAsync(piece, TestContext.Current.CancellationToken);
        socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(hello, await ReadToEndAsync(socket));
    }

    [Fact]
    public async Task Connection_ServiceHalfClosesFirst_ClientCanStillSend()
    {
        var received = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: async stream =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes("bye"));
            stream.CompleteOutput();
            received.SetResult(await CountAsync(stream.AsStream()));
        });
        Assert.Null(await agent.RegisterAsync("db"));
        var hello = await ClientHelloTests.RealHello("db.example.com");

        using var socket = await ConnectAsync(server);
        await socket.SendAsync(hello, TestContext.Current.CancellationToken);
        Assert.Equal("bye", Encoding.ASCII.GetString(await ReadToEndAsync(socket)));
        await socket.SendAsync(new byte[50_000], TestContext.Current.CancellationToken);
        socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(hello.Length + 50_000, await received.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Connection_ServiceResets_ClientSeesAReset()
    {
        await using var server = await StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress, serve: stream =>
        {
            stream.Abort(Pico.Tunnel.Protocol.StreamError.ServiceReset);
            return Task.CompletedTask;
        });
        Assert.Null(await agent.RegisterAsync("db"));

        using var socket = await ConnectAsync(server);
        await socket.SendAsync(await ClientHelloTests.RealHello("db.example.com"), TestContext.Current.CancellationToken);
        var broken = await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(socket));

        Assert.Equal(SocketError.ConnectionReset, broken.SocketErrorCode);
    }

    [Theory]
    [InlineData("nobody.example.com", 112)]
    [InlineData("localhost", 112)]
    [InlineData("", 112)]
    [InlineData("web.example.com", 112)]
    [InlineData("down.example.com", 80)]
    public async Task Connection_ThatCannotBeRouted_GetsAnAlert(string name, byte alert)
    {
        await using var server = await StartAsync();
        await using var agent = await TestAgent.ConnectAsync(server.Server.UpstreamAddress);
        agent.Handler.AutoAccept = false;
        agent.Handler.Serve = stream =>
        {
            stream.Refuse(Pico.Tunnel.Protocol.StreamError.ServiceUnreachable, "connection refused");
            return Task.CompletedTask;
        };
        Assert.Null(await agent.RegisterAsync("web", Pico.Tunnel.Protocol.EndpointProtocol.Http));
        Assert.Null(await agent.RegisterAsync("down"));

        using var socket = await ConnectAsync(server);
        await socket.SendAsync(await ClientHelloTests.RealHello(name), TestContext.Current.CancellationToken);

        Assert.Equal([21, 3, 3, 0, 2, 2, alert], await ReadToEndAsync(socket));
    }

    [Fact]
    public async Task Connection_ThatIsNotTls_GetsADecodeError()
    {
        await using var server = await StartAsync();
        using var socket = await ConnectAsync(server);
        await socket.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n"), TestContext.Current.CancellationToken);

        Assert.Equal([21, 3, 3, 0, 2, 2, 50], await ReadToEndAsync(socket));
    }

    [Fact]
    public async Task Connection_ThatSaysNothing_IsClosedInTime()
    {
        await using var server = await StartAsync(headTimeout: TimeSpan.FromMilliseconds(300));
        using var socket = await ConnectAsync(server);
        await socket.SendAsync((await ClientHelloTests.RealHello("db.example.com")).AsMemory(0, 20), TestContext.Current.CancellationToken);

        Assert.Empty(await ReadToEndAsync(socket));
    }

    private static Task<TestServer> StartAsync(string baseDomain = "", TimeSpan? headTimeout = null) => TestServer.StartAsync(o =>
    {
        o.Proxy.TlsPassthroughBindAddress = "127.0.0.1:0";
        o.Proxy.BaseDomain = baseDomain;
        o.Proxy.RequestHeadTimeout = headTimeout ?? o.Proxy.RequestHeadTimeout;
    });

    private static async Task<Socket> ConnectAsync(TestServer server)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Server.TlsPassthroughAddress, TestContext.Current.CancellationToken);
        return socket;
    }

    // A TLS echo service behind the tunnel.
    private static async Task ServeTlsAsync(TunnelStream stream)
    {
        await using var tls = new SslStream(stream.AsStream());
        await tls.AuthenticateAsServerAsync(Certificate);
        await tls.CopyToAsync(tls);
        await tls.ShutdownAsync();
        stream.CompleteOutput();
        await CountAsync(stream.AsStream()); // until the client has closed too
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        var all = new MemoryStream();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer, deadline.Token) is > 0 and var count)
            all.Write(buffer, 0, count);
        return all.ToArray();
    }

    private static async Task<long> CountAsync(Stream stream)
    {
        var buffer = new byte[64 * 1024];
        long total = 0;
        while (await stream.ReadAsync(buffer) is > 0 and var count)
            total += count;
        return total;
    }
}
