using System.Text.RegularExpressions;
using Pico.Server.Admin.Metrics;
using Pico.Server.Proxy;
using Pico.Server.Proxy.Errors;
using Pico.Tunnel.Protocol;

namespace Pico.Tests;

/// <summary>docs/runbook.md has whatever Pico can say, and by the words in which it says it.</summary>
public sealed partial class RunbookTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "runbook.md"));

    public static TheoryData<string> Codes => [.. Enum.GetValues<ProxyError>().Where(e => e != ProxyError.None).Select(ProxyErrors.Code)];

    [Theory]
    [MemberData(nameof(Codes))]
    public void ErrorCode_OfARequest_HasASectionWithStatusTitleCauseAndRemedy(string code)
    {
        var error = Enum.GetValues<ProxyError>().Single(e => e != ProxyError.None && ProxyErrors.Code(e) == code);
        var section = Section($"### {code}\n");

        Assert.StartsWith($"{ProxyErrors.Status(error)}, *{ProblemTexts.Title(error)}*", section, StringComparison.Ordinal);
        Assert.Contains("**Cause.**", section, StringComparison.Ordinal);
        Assert.Contains("**What to do.**", section, StringComparison.Ordinal);
    }

    [Fact]
    public void ErrorCodes_ThatTheSourceNames_AreAllThere()
    {
        var codes = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "Pico.Server"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => CodeBehindStatus().Matches(File.ReadAllText(f)).Select(m => m.Groups["code"].Value)).Distinct().ToArray();

        Assert.Contains("unknown_node", codes); // the pattern finds them
        Assert.All(codes, code => Assert.Contains($"`{code}`", Page, StringComparison.Ordinal));
    }

    [Fact]
    public void EndOfATunnel_EveryReason_IsInTheTableOfAgentsThatAreNotConnected() =>
        HasAll<TunnelError>(Section("## An agent is not connected\n"));

    [Fact]
    public void RefusalOfAStream_EveryError_IsInItsTable() => HasAll<StreamError>(Section("## Why a stream was refused\n"), except: "none");

    // The same words as in metrics.
    private static void HasAll<T>(string section, string? except = null)
        where T : struct, Enum =>
        Assert.All(Enum.GetValues<T>().Select(MetricLabel.Of).Where(word => word != except), word => Assert.Contains($"`{word}`", section, StringComparison.Ordinal));

    private static string Section(string heading)
    {
        var begin = Page.IndexOf($"\n{heading}", StringComparison.Ordinal);
        Assert.True(begin >= 0, $"docs/runbook.md has no section '{heading.Trim()}'.");
        var text = Page[(begin + heading.Length + 1)..].TrimStart();
        var end = NextHeading().Match(text);
        return end.Success ? text[..end.Index] : text;
    }

    [GeneratedRegex(@"(StatusCodes\.Status\w+|\b[45]\d\d),\s*""(?<code>[a-z]+(_[a-z]+)*)""")]
    private static partial Regex CodeBehindStatus();

    [GeneratedRegex("^#{1,3} ", RegexOptions.Multiline)]
    private static partial Regex NextHeading();
}
