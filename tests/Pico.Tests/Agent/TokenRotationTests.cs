using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Pico.Agent;
using Pico.Agent.Dialing;
using Pico.Tests.Server;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Agent;

/// <summary>A token file that changes while the agent runs. The clock is the test's: it advances while something is waited for.</summary>
public sealed class TokenRotationTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly RecordingLogger _logger = new();
    private readonly TestFolder _folder = new();
    private readonly CancellationTokenSource _soon = new(TimeSpan.FromSeconds(30), TimeProvider.System);

    private CancellationToken Soon => _soon.Token;

    public void Dispose()
    {
        _folder.Dispose();
        _logger.Dispose();
        _soon.Dispose();
    }

    [Fact]
    public async Task NewToken_ReplacesTheTunnelBeforeTheOldOneIsLeft()
    {
        await using var node = new TestNode();
        using var service = new TestService { Serve = TestService.EchoAsync };
        var first = Jwt("first", TimeSpan.FromHours(1));
        var file = _folder.Write("token", first);
        await using var agent = new RunningAgent(Options(node, file, service), _logger, _time);
        var (old, handler) = await node.NextTunnelAsync(Soon);
        var registration = await handler.Registered.Reader.ReadAsync(Soon);
        var stream = await old.OpenAsync(new StreamOpen { RegistrationId = registration.Id, Protocol = registration.Protocol }, Soon);
        Assert.Contains(first, await node.Requests.Reader.ReadAsync(Soon), StringComparison.Ordinal);

        var second = Jwt("second", TimeSpan.FromHours(2));
        _folder.Write("token", second);
        var began = _time.GetUtcNow();
        var (replacement, newHandler) = await AdvanceUntilAsync(node.NextTunnelAsync(Soon));
        await AdvanceUntilAsync(newHandler.Registered.Reader.ReadAsync(Soon).AsTask());
        await AdvanceUntilAsync(handler.Deregistered.Reader.ReadAsync(Soon).AsTask());

        Assert.Contains(second, await node.Requests.Reader.ReadAsync(Soon), StringComparison.Ordinal);
        // Long before the old token expires; a stream that is open may go on until then.
        Assert.InRange(_time.GetUtcNow() - began, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        for (var i = 0; i < 6; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Soon);
        }

        await stream.WriteAsync("still here"u8.ToArray(), Soon);
        stream.CompleteOutput();
        using var reader = new StreamReader(stream.AsStream());
        Assert.Equal("still here", await reader.ReadToEndAsync(Soon));
        await AdvanceUntilAsync(old.Completion);
        Assert.True(replacement.IsOpen);
        Assert.DoesNotContain(_logger.Messages, m => m.Message.Contains(first, StringComparison.Ordinal) || m.Message.Contains(second, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RejectedToken_IsSaidAndTriedSlowly_AndANewOneAtOnce()
    {
        await using var node = new TestNode { Answer = "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"pico\", error=\"invalid_token\", error_description=\"the token's audience (aud) does not contain 'pico'\"" };
        using var service = new TestService { Serve = TestService.EchoAsync };
        var file = _folder.Write("token", "bad");
        await using var agent = new RunningAgent(Options(node, file, service), _logger, _time);
        await node.Requests.Reader.ReadAsync(Soon);
        await _logger.WaitForAsync("does not contain 'pico'", TimeSpan.FromSeconds(20));
        Assert.Contains(_logger.Messages, m => m.Level == Microsoft.Extensions.Logging.LogLevel.Error && m.Message.Contains("rejected", StringComparison.Ordinal));

        var rejectedAt = _time.GetUtcNow();
        await AdvanceUntilAsync(node.Requests.Reader.ReadAsync(Soon).AsTask());
        Assert.InRange(_time.GetUtcNow() - rejectedAt, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(70));

        node.Answer = "101 Switching Protocols";
        _folder.Write("token", "good");
        var changedAt = _time.GetUtcNow();
        // A second for each tenth of one, so that a busy machine has the time to connect.
        await AdvanceUntilAsync(node.NextTunnelAsync(Soon), TimeSpan.FromMilliseconds(100));
        Assert.InRange(_time.GetUtcNow() - changedAt, TimeSpan.Zero, TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task TokenThatTheServerRejects_LeavesTheOldTunnelServing()
    {
        await using var node = new TestNode();
        using var service = new TestService { Serve = TestService.EchoAsync };
        var file = _folder.Write("token", Jwt("first", TimeSpan.FromHours(1)));
        await using var agent = new RunningAgent(Options(node, file, service), _logger, _time);
        var (old, handler) = await node.NextTunnelAsync(Soon);
        var registration = await handler.Registered.Reader.ReadAsync(Soon);

        node.Answer = "401 Unauthorized";
        _folder.Write("token", Jwt("second", TimeSpan.FromHours(2)));
        await AdvanceUntilAsync(_logger.WaitForAsync("rejected", TimeSpan.FromSeconds(30)));

        await using var stream = await old.OpenAsync(new StreamOpen { RegistrationId = registration.Id, Protocol = registration.Protocol }, Soon);
        Assert.False(handler.Deregistered.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Source_WarnsOfATokenThatExpires_AndSaysOnceThatAFileIsBroken()
    {
        var file = _folder.Write("token", Jwt("first", TimeSpan.FromSeconds(90)));
        using var source = new CredentialSource("", file, _time, _logger);
        using var stop = new CancellationTokenSource();
        var credential = await source.ReadAsync(Soon);
        Assert.Equal(_time.GetUtcNow() + TimeSpan.FromSeconds(90), credential.Expires);
        var watching = source.WatchAsync(stop.Token);

        await AdvanceUntilAsync(_logger.WaitForAsync("there is no newer one", TimeSpan.FromSeconds(30)));
        _folder.Write("token", "two words");
        await AdvanceUntilAsync(_logger.WaitForAsync("holds no token", TimeSpan.FromSeconds(30)));
        Assert.False(credential.Replaced.IsCompleted);
        _folder.Write("token", "opaque");
        await AdvanceUntilAsync(credential.Replaced);

        Assert.Equal(("opaque", (DateTimeOffset?)null), (source.Current.Token, source.Current.Expires));
        Assert.Single(_logger.Messages, m => m.Message.Contains("no newer one", StringComparison.Ordinal));
        Assert.Single(_logger.Messages, m => m.Message.Contains("holds no token", StringComparison.Ordinal));
        await stop.CancelAsync();
        await watching.WaitAsync(Soon);
    }

    [Theory]
    [InlineData("""{"exp":1893456000}""", 1893456000L)]
    [InlineData("""{"a":{"exp":1},"b":["exp"],"exp":1893456000.9,"c":1}""", 1893456000L)]
    [InlineData("""{"exp":"1893456000"}""", null)]
    [InlineData("""{"exp":1e300}""", null)]
    [InlineData("""{"sub":"exp"}""", null)]
    [InlineData("""[1893456000]""", null)]
    [InlineData("""{"exp":""", null)]
    public void Expiry_IsReadFromTheClaims(string claims, long? expected) =>
        Assert.Equal(expected, TokenExpiry.Read($"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.x")?.ToUnixTimeSeconds());

    [Theory]
    [InlineData("")]
    [InlineData("opaque")]
    [InlineData("a.b")]
    [InlineData("a.*.c")]
    public void Expiry_OfWhatIsNoJwt_IsNotKnown(string token) => Assert.Null(TokenExpiry.Read(token));

    private static AgentOptions Options(TestNode node, string tokenFile, TestService service) => new()
    {
        Servers = [node.Url],
        Endpoints = [service.Spec()],
        Connections = 1,
        TokenFile = tokenFile,
        GracePeriod = TimeSpan.FromSeconds(5),
        ReconnectMinDelay = TimeSpan.FromMilliseconds(10),
        ReconnectMaxDelay = TimeSpan.FromMilliseconds(100),
    };

    private string Jwt(string id, TimeSpan lifetime) =>
        $"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"jti":"{{id}}","exp":{{(_time.GetUtcNow() + lifetime).ToUnixTimeSeconds()}}}"""))}.signature";

    private async Task<T> AdvanceUntilAsync<T>(Task<T> wanted)
    {
        await AdvanceUntilAsync((Task)wanted);
        return await wanted;
    }

    /// <summary>Lets the clock run, a hundred times as fast as it does, until <paramref name="wanted"/> has come.</summary>
    private async Task AdvanceUntilAsync(Task wanted, TimeSpan? realSecond = null)
    {
        while (!wanted.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(wanted, Task.Delay(realSecond ?? TimeSpan.FromMilliseconds(10), TimeProvider.System, Soon));
            Soon.ThrowIfCancellationRequested();
        }

        await wanted;
    }
}
