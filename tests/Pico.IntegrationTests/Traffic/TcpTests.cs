using System.Text;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>TCP services behind <c>pico forward</c>, from their own clients.</summary>
public sealed class TcpTests(SharedServer shared)
{
    [Fact(Timeout = 120_000)]
    public async Task PostgreSql_PsqlAndPgbench_WorkAsWithoutPico()
    {
        Tool.Psql.Require();
        Tool.PgBench.Require();
        await using var postgres = await PostgresService.StartAsync();
        await using var db = await shared.ExposeAsync(postgres.Port, "tcp");
        await using var forward = await ForwardProcess.StartAsync(db.Proxy, db.EndpointId);
        string[] connection = ["-h", "127.0.0.1", "-p", $"{forward.Port}", "-U", "postgres"];

        var query = (await Command.RunAsync(Tool.Psql, [.. connection, "-Atc", "select count(*), sum(i) from generate_series(1, 1000) i", "postgres"])).Succeeded();
        (await Command.RunAsync(Tool.PgBench, [.. connection, "-i", "-s", "1", "-q", "postgres"])).Succeeded();
        var bench = (await Command.RunAsync(Tool.PgBench, [.. connection, "-c", "8", "-j", "2", "-t", "50", "postgres"])).Succeeded();

        Assert.Equal("1000|500500\n", query.Text);
        Assert.Contains("number of transactions actually processed: 400/400", bench.Text, StringComparison.Ordinal);
        Assert.Contains("number of failed transactions: 0", bench.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Redis_Benchmark_RunsToItsEnd()
    {
        await using var redis = await RedisService.StartAsync();
        await using var cache = await shared.ExposeAsync(redis.Port, "tcp");
        await using var forward = await ForwardProcess.StartAsync(cache.Proxy, cache.EndpointId);

        var bench = await Command.RunAsync(
            Tool.RedisBenchmark, "-p", $"{forward.Port}", "-c", "20", "-n", "2000", "-d", "1000", "-P", "4", "-t", "ping,set,get,lrange_100", "--csv");

        var lines = bench.Succeeded().Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.DoesNotContain("rror", bench.Text + bench.Error, StringComparison.Ordinal);
        Assert.Equal(["PING_INLINE", "PING_MBULK", "SET", "GET"], lines.Select(l => l.Split('"').ElementAtOrDefault(1)).Where(n => n is "PING_INLINE" or "PING_MBULK" or "SET" or "GET"));
        Assert.Contains(lines, l => l.Contains("LRANGE_100 ", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task HalfClose_ByTheClient_ReachesTheServiceWhichThenAnswers()
    {
        await using var service = RawService.Start(async connection =>
        {
            var all = await connection.ReadToEndAsync();
            await connection.SendAsync($"{all.Length} bytes, then the end");
        });
        await using var tcp = await shared.ExposeAsync(service.Port, "tcp");
        await using var forward = await ForwardProcess.StartAsync(tcp.Proxy, tcp.EndpointId);

        var nc = await new Command(Tool.Nc, "-N", "127.0.0.1", $"{forward.Port}")
        {
            Input = stream => stream.WriteAsync(Encoding.Latin1.GetBytes(new string('x', 300_000))).AsTask(),
        }.RunAsync();

        Assert.Equal("300000 bytes, then the end", nc.Succeeded().Text);
    }

    [Fact(Timeout = 60_000)]
    public async Task HalfClose_ByTheService_LetsTheClientGoOnSending()
    {
        var received = new TaskCompletionSource<string>();
        await using var service = RawService.Start(async connection =>
        {
            await connection.SendAsync("I am done");
            connection.EndSending();
            received.TrySetResult(await connection.ReadToEndAsync());
        });
        await using var tcp = await shared.ExposeAsync(service.Port, "tcp");
        await using var forward = await ForwardProcess.StartAsync(tcp.Proxy, tcp.EndpointId);
        await using var client = await RawConnection.ConnectAsync(new($"http://127.0.0.1:{forward.Port}"));

        Assert.Equal("I am done", await client.ReadToEndAsync());
        await client.SendAsync("still sending");
        client.EndSending();

        Assert.Equal("still sending", await received.Task.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 60_000)]
    public async Task Reset_ByTheService_IsNotAnOrderlyEndForTheClient()
    {
        await using var service = RawService.Start(async connection =>
        {
            await connection.ReadTextAsync(4);
            connection.Reset();
        });
        await using var tcp = await shared.ExposeAsync(service.Port, "tcp");
        await using var forward = await ForwardProcess.StartAsync(tcp.Proxy, tcp.EndpointId);
        await using var client = await RawConnection.ConnectAsync(new($"http://127.0.0.1:{forward.Port}"));

        await client.SendAsync("ping");

        await Assert.ThrowsAnyAsync<IOException>(client.ReadToEndAsync);
    }

    [Fact(Timeout = 60_000)]
    public async Task Tls_ByServerName_PassesThroughUndecrypted()
    {
        using var folder = new TempFolder();
        var certificate = await Certificates.MakeAsync(folder, "secure.pico.example");
        await using var nginx = await NginxService.StartAsync(
            "location / { return 200 $scheme; }", tls: certificate);
        var port = Ports.Free();
        await using var pico = await Deployment.StartAsync(
            $"secure/tcp://127.0.0.1:{nginx.Port}", server: ["--proxy.tls-passthrough-bind-addr", $"127.0.0.1:{port}"]);

        var reply = await Curl.RunAsync(
            ["--cacert", certificate.Certificate, "--resolve", $"secure.pico.example:{port}:127.0.0.1", $"https://secure.pico.example:{port}/"]);
        var subject = await new Command(
            Tool.OpenSsl, "s_client", "-connect", $"127.0.0.1:{port}", "-servername", "secure.pico.example", "-CAfile", certificate.Certificate, "-verify_return_error").RunAsync();
        var unknown = await Curl.RunAsync(["-k", "--resolve", $"nobody.pico.example:{port}:127.0.0.1", $"https://nobody.pico.example:{port}/"]);

        Assert.Equal("https", reply.Succeeded().Text);
        Assert.Contains("Verification: OK", subject.Succeeded().Text, StringComparison.Ordinal);
        Assert.Equal(35, unknown.ExitCode);
    }
}
