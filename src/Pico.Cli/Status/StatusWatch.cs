using System.Text.Json.Nodes;
using Pico.Cli.Settings;

namespace Pico.Cli.Status;

/// <summary>Shows a section again whenever it changes. A server that goes away is tried again until it is back.</summary>
internal sealed class StatusWatch(AdminClient client, StatusSettings settings, Screen screen, TextWriter error, TimeProvider time)
{
    private const string Home = "\e[H";
    private const string ClearBelow = "\e[J";
    private const string ClearLine = "\e[K";
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly StatusQuery _query = new(settings);

    // Heading, the line that says how to go on, and the one of the cursor.
    private int Limit => Math.Clamp((screen.Height ?? StatusQuery.MaxLimit) - 3, 1, StatusQuery.MaxLimit);

    private bool IsTable => settings.Output is StatusOutput.Table or StatusOutput.Wide;

    private bool Redraws => IsTable && screen.Height is not null;

    /// <summary>Shows it until <paramref name="stop"/>. What would not go away by itself is thrown.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        if (Redraws)
            screen.Out.Write("\e[2J");
        var (pause, hasShown) = (FirstPause, false);
        while (true)
        {
            try
            {
                var path = settings.Section == StatusSection.Overview && IsTable ? StatusReader.Overview : _query.At(Limit);
                await foreach (var answer in client.FollowAsync(path, stop))
                {
                    Show(answer);
                    (pause, hasShown) = (FirstPause, true);
                }
            }
            catch (AdminException e) when (e.MayPass && hasShown)
            {
                Say($"{e.Message} Trying again.");
            }

            // A third more or less, so that those who watch do not all come back at once.
            await Task.Delay(pause * (0.67 + (Random.Shared.NextDouble() * 0.67)), time, stop);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private void Show(JsonNode answer)
    {
        if (!IsTable)
        {
            var items = StatusDocument.ItemsOf(settings.Section, answer);
            StatusDocument.Write(screen.Out, settings.Output, items is null ? answer : new JsonArray([.. items]), isOneOfMany: true);
            screen.Out.Flush();
            return;
        }

        using var text = new StringWriter();
        new StatusTables(screen with { Out = text }, settings.Output == StatusOutput.Wide, time).Write(settings.Section, answer);
        if (_query.IsPaged && (string?)answer["continue"] is not null)
            text.WriteLine($"… and more, of {answer["total"]} in all: filter, or leave --watch out");
        Draw(text.ToString());
    }

    private void Say(string problem)
    {
        var output = Redraws ? screen.Out : error;
        output.WriteLine(ConsoleText.Printable(problem));
        output.Flush();
    }

    private void Draw(string text)
    {
        if (Redraws)
        {
            // Over the old, line by line: clearing it first would flicker.
            var lines = text.TrimEnd().Split('\n').Take(screen.Height!.Value - 1);
            screen.Out.Write(Home + string.Join(ClearLine + "\n", lines) + ClearLine + "\n" + ClearBelow);
        }
        else
        {
            screen.Out.WriteLine(text);
        }

        screen.Out.Flush();
    }
}
