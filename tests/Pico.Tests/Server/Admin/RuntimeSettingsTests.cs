using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Pico.Agent.Commands.Logs;
using Pico.Cli.Settings;

namespace Pico.Tests.Server.Admin;

public sealed class RuntimeSettingsTests
{
    [Fact]
    public async Task LogLevel_IsSetAndSetBack()
    {
        var levels = new LogLevels(LogLevel.Information, TimeProvider.System);
        await using var server = await TestServer.StartAsync(o => o.Admin.LogLevels = new ServerLogLevels(levels));

        var (status, said) = await PutAsync(server, "/log-level?level=debug&category=Pico.Server.Proxy&for=600");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("info debug", string.Join(' ', said["levels"]!.AsArray().Select(l => (string?)l!["level"])));
        Assert.NotNull(said["levels"]![1]!["until"]);
        Assert.Equal((LogLevel.Debug, LogLevel.Information), (levels.Of("Pico.Server.Proxy.Http1.Http1Path"), levels.Of("Pico.Server.Auth")));

        await PutAsync(server, "/log-level?level=default&category=Pico.Server.Proxy");
        Assert.Equal(LogLevel.Information, levels.Of("Pico.Server.Proxy"));
    }

    [Theory]
    [InlineData("/log-level?level=loud")]
    [InlineData("/log-level?level=debug&for=0")]
    [InlineData("/log-level?level=debug&for=100000")]
    [InlineData("/log-level?level=debug&node=other")]
    [InlineData("/access-log?enabled=perhaps")]
    [InlineData("/access-log?enabled=true&sample=2")]
    public async Task Setting_ThatCannotBe_IsRefused(string path)
    {
        var levels = new LogLevels(LogLevel.Information, TimeProvider.System);
        await using var server = await TestServer.StartAsync(o => o.Admin.LogLevels = new ServerLogLevels(levels));
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync(server, path)).Status);
        Assert.Equal(LogLevel.Information, levels.Of("Pico"));
    }

    [Fact]
    public async Task LogLevel_OfAServerWhoseLogIsItsOwners_CannotBeSet()
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(HttpStatusCode.NotImplemented, (await PutAsync(server, "/log-level?level=debug")).Status);
    }

    [Fact]
    public async Task AccessLog_IsSwitchedAndSetBack()
    {
        await using var server = await TestServer.StartAsync(o => o.Proxy.AccessLog.Sample = 0.5);
        var (_, said) = await PutAsync(server, "/access-log?enabled=true&for=60");
        Assert.Equal((true, 0.5), ((bool)said["enabled"]!, (double)said["sample"]!));
        Assert.NotNull(said["until"]);
        (_, said) = await PutAsync(server, "/access-log?enabled=default");
        Assert.Equal((false, true), ((bool)said["enabled"]!, said["until"] is null));
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task Setting_FromAPage_IsForbidden(string header, string value)
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await PutAsync(server, "/access-log?enabled=true", (header, value))).Status);
    }

    [Fact]
    public async Task Setting_WithTokensConfigured_NeedsOne()
    {
        await using var server = await TestServer.StartAsync(o => o.Admin.Auth.Secret = new string('s', 32));
        Assert.Equal(HttpStatusCode.Unauthorized, (await PutAsync(server, "/log-level?level=debug")).Status);
        using var asked = await server.AdminAsync("/access-log");
        Assert.Equal(HttpStatusCode.Unauthorized, asked.StatusCode);
    }

    private static async Task<(HttpStatusCode Status, JsonNode Said)> PutAsync(TestServer server, string path, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
        using var request = new HttpRequestMessage(HttpMethod.Put, $"http://{server.Server.AdminAddress}{path}");
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!);
    }
}
