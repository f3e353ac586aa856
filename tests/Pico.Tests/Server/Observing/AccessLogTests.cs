using System.Net;
using System.Text;
using System.Text.Json;
using Pico.Server.Observing.AccessLogs;
using Pico.Server.Proxy;

namespace Pico.Tests.Server.Observing;

public sealed class AccessLogTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("a=1&b=2", "a=***&b=***")]
    [InlineData("token", "***")]
    [InlineData("a=1=2;b", "a=***;***")]
    [InlineData("&a=&&", "&a=***&&")]
    public void Query_IsWrittenWithoutItsValues(string query, string expected)
    {
        using var observed = Observed.Create();
        Submit(observed, $"/path?{query}");
        var entry = Assert.Single(observed.Entries());
        Assert.Equal("/path", entry.GetProperty("path").GetString());
        Assert.Equal(expected, entry.GetProperty("query").GetString());
    }

    [Theory]
    [InlineData(AccessLogQuery.None, null)]
    [InlineData(AccessLogQuery.Full, "a=1")]
    public void Query_IsWrittenAsAsked(AccessLogQuery query, string? expected)
    {
        using var observed = Observed.Create(o => o.Query = query);
        Submit(observed, "/?a=1");
        var entry = Assert.Single(observed.Entries());
        Assert.Equal(expected, entry.TryGetProperty("query", out var value) ? value.GetString() : null);
    }

    [Theory]
    [InlineData(AccessLogFormat.Json)]
    [InlineData(AccessLogFormat.Text)]
    public void Entry_OfAnyBytes_IsOneLine(AccessLogFormat format)
    {
        var seed = Environment.ProcessId;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var observed = Observed.Create(o => o.Format = format);
        const int Count = 300;
        for (var i = 0; i < Count; i++)
        {
            var entry = observed.Log.Rent();
            var bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            entry.Method = entry.Keep(bytes);
            entry.Target = entry.Keep([.. "/?"u8, .. bytes]);
            entry.UserAgent = entry.Keep(bytes);
            observed.Log.Submit(entry);
        }

        var lines = observed.Lines();
        Assert.Equal(Count, lines.Length);
        if (format == AccessLogFormat.Json)
            Assert.All(lines, line => JsonDocument.Parse(line).Dispose());
        else
            Assert.All(lines, line => Assert.DoesNotContain(line, c => c is < ' ' or > '~'));
    }

    [Fact]
    public void TextEntry_SaysWhatWasAsked()
    {
        using var observed = Observed.Create(o => o.Format = AccessLogFormat.Text);
        Submit(observed, "/a?b=c", entry =>
        {
            entry.EndpointId = "orders";
            entry.Client = IPAddress.Parse("192.0.2.7");
            entry.Status = 502;
            entry.Error = ProxyError.UpstreamUnreachable;
            entry.UserAgent = entry.Keep("a \"b\""u8);
        });
        var line = Assert.Single(observed.Lines());
        Assert.Contains("Z 192.0.2.7 orders \"GET /a?b=*** HTTP/1.1\" 502 ", line, StringComparison.Ordinal);
        Assert.Contains(" node=node-1 error=upstream_unreachable agent=\"a \\x22b\\x22\"", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Sample_OfNone_LeavesErrorsAndSlowOnes()
    {
        using var observed = Observed.Create(o => (o.Sample, o.Slow) = (0, TimeSpan.FromMinutes(1)));
        Submit(observed, "/fine");
        Submit(observed, "/missing", e => e.Status = 404);
        Submit(observed, "/failed", e => e.Status = 500);
        Submit(observed, "/refused", e => (e.Status, e.Error) = (429, ProxyError.RateLimited));
        Submit(observed, "/slow", e => e.StartedAt -= TimeProvider.System.TimestampFrequency * 60);
        Assert.Equal(["/failed", "/refused", "/slow"], observed.Entries().Select(e => e.GetProperty("path").GetString()));
    }

    [Fact]
    public void Sample_OfHalf_IsAboutHalf()
    {
        using var observed = Observed.Create(o => o.Sample = 0.5);
        for (var i = 0; i < 2000; i++)
            Submit(observed, "/");
        Assert.InRange(observed.Entries().Length, 800, 1200);
    }

    [Fact]
    public async Task Output_ThatTakesNothing_LosesEntriesAndHoldsUpNobody()
    {
        using var folder = new TestFolder();
        var pipe = folder.File("pipe");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [pipe]))
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        using var observed = Observed.Create(o => o.Output = pipe); // nobody reads it: the writer waits for somebody
        const int Sent = (AccessLog.Capacity * 2) + 5000;
        for (var i = 0; i < Sent; i++)
            Submit(observed, "/");
        Assert.InRange(observed.Log.Dropped, 1, Sent - AccessLog.Capacity);

        var lines = 0;
        using (var reader = new StreamReader(new FileStream(pipe, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)))
        {
            var disposing = Task.Run(observed.Log.Dispose, TestContext.Current.CancellationToken);
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is not null)
                lines++;
            await disposing;
        }

        Assert.Equal(Sent - observed.Log.Dropped, lines);
    }

    [Fact]
    public void File_ThatWasMovedAway_IsMadeAnew()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        using var folder = new TestFolder();
        var path = folder.File("access.log");
        using var log = new AccessLogOutput(path, time);
        log.Write("one\n"u8);
        File.Move(path, path + ".1");
        log.Write("two\n"u8);
        time.Advance(TimeSpan.FromSeconds(2));
        log.Write("three\n"u8);
        Assert.Equal("one\ntwo\n", File.ReadAllText(path + ".1"));
        Assert.Equal("three\n", File.ReadAllText(path));
    }

    [Fact]
    public void Header_WithASecret_IsMasked()
    {
        using var observed = Observed.Create(o => (o.RequestHeaders, o.ResponseHeaders) = (["X-Tenant", "Authorization"], ["set-cookie"]));
        Submit(observed, "/", entry =>
        {
            entry.KeepHeader(observed.Log.RequestHeaders.Find("x-tenant"u8), isResponse: false, "blue"u8);
            entry.KeepHeader(observed.Log.RequestHeaders.Find("AUTHORIZATION"u8), isResponse: false, "Bearer secret"u8);
            entry.KeepHeader(observed.Log.ResponseHeaders.Find("Set-Cookie"u8), isResponse: true, "id=secret"u8);
        });
        var line = Assert.Single(observed.Lines());
        Assert.Contains("\"requestHeaders\":{\"x-tenant\":\"blue\",\"authorization\":\"***\"},\"responseHeaders\":{\"set-cookie\":\"***\"}", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Change_SwitchesTheLogAndItsSample()
    {
        using var observed = Observed.Create(o => o.IsEnabled = false);
        Assert.False(observed.Observer.IsOn);
        observed.Log.Change(isEnabled: true, sample: 1);
        Assert.True(observed.Observer.IsOn);
        Submit(observed, "/on");
        observed.Log.Change(isEnabled: true, sample: 0);
        Submit(observed, "/none");
        Assert.Equal("/on", Assert.Single(observed.Entries()).GetProperty("path").GetString());
    }

    private static void Submit(Observed observed, string target, Action<AccessEntry>? change = null)
    {
        var entry = observed.Log.Rent();
        entry.Time = TimeProvider.System.GetUtcNow();
        entry.StartedAt = entry.EndedAt = TimeProvider.System.GetTimestamp();
        entry.Method = entry.Keep("GET"u8);
        entry.Target = entry.Keep(Encoding.ASCII.GetBytes(target));
        entry.Protocol = "HTTP/1.1";
        entry.Status = 200;
        change?.Invoke(entry);
        observed.Log.Submit(entry);
    }
}
