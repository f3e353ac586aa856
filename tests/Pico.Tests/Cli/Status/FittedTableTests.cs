using Pico.Cli.Status;
using Pico.Server.Admin.Status;

namespace Pico.Tests.Cli.Status;

public sealed class FittedTableTests
{
    private static readonly EndpointStatus[] Endpoints =
    [
        Endpoint("a-service-of-a-team-with-a-very-long-name-indeed", EndpointState.Failing, "The agent could not connect to the service: connection refused by 127.0.0.1:8080"),
        Endpoint("web", EndpointState.Healthy, reason: null),
    ];

    public static TheoryData<int> Widths => [20, 30, 40, 60, 80, 100, 140, 200];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Table_InATerminal_HasOneLineForEachRowAndNoneIsLonger(int width)
    {
        var lines = Lines(Write(new Screen(TextWriter.Null, width, 40, HasColour: false), isWide: false));

        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
        Assert.StartsWith("web ", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Table_WithLittleRoom_KeepsNameAndStateAndLeavesOutTheRest()
    {
        var narrow = Lines(Write(new Screen(TextWriter.Null, 40, 40, HasColour: false), isWide: false));
        var broad = Lines(Write(new Screen(TextWriter.Null, 250, 40, HasColour: false), isWide: false));

        Assert.Matches("^ENDPOINT +STATE", narrow[0]);
        Assert.Matches("^a-service-of.*… +failing", narrow[1]);
        Assert.DoesNotContain("PROTOCOL", narrow[0], StringComparison.Ordinal);
        Assert.Contains(Endpoints[0].Reason!, broad[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Table_ThatIsWide_HasEverythingWhateverTheTerminal()
    {
        var lines = Lines(Write(new Screen(TextWriter.Null, 40, 40, HasColour: false), isWide: true));

        Assert.Equal(3, lines.Length);
        Assert.Contains("MEDIAN MS", lines[0], StringComparison.Ordinal);
        Assert.Contains(Endpoints[0].Reason!, lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Colours_AreThereIfWantedOnly(bool hasColour)
    {
        var text = Write(new Screen(TextWriter.Null, 100, 40, hasColour), isWide: false);

        Assert.Equal(hasColour, text.Contains('\e'));
    }

    [Fact]
    public void Names_CannotMoveTheCursor()
    {
        using var output = new StringWriter();
        FittedTable.Write(new Screen(output, 100, 40, HasColour: false), isWide: false, StatusColumns.Endpoints, [Endpoint("a\e[2J[red]b", EndpointState.Healthy, reason: null)]);

        Assert.Contains("a?[2J[red]b", output.ToString(), StringComparison.Ordinal);
    }

    private static string Write(Screen screen, bool isWide)
    {
        using var output = new StringWriter();
        FittedTable.Write(screen with { Out = output }, isWide, StatusColumns.Endpoints, Endpoints);
        return output.ToString();
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static EndpointStatus Endpoint(string id, EndpointState state, string? reason) => new()
    {
        Id = id,
        Protocol = "http",
        State = state,
        Reason = reason,
        RequestsPerSecond = 12.3,
        ErrorsPerSecond = 0,
        P99Milliseconds = 1.5,
        InFlight = 1,
        UpstreamCount = 2,
        Upstreams = [],
    };
}
