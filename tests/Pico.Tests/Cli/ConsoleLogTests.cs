using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Pico.Agent.Commands.Logs;

namespace Pico.Tests.Cli;

public sealed partial class ConsoleLogTests
{
    private static readonly FakeTimeProvider Time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 6, TimeSpan.Zero));

    [Fact]
    public void Text_OfAMessageWithLineBreaks_StaysOneLine()
    {
        var text = Write(LogFormat.Text, logger => Met(logger, "a\r\nforged info line", 7));

        Assert.Equal("2026-01-02T03:04:05.006Z warn  Pico.Room: Met a | forged info line 7 times\n", text);
    }

    [Fact]
    public void Text_OfAMessageWithControlCharacters_MovesNoCursor()
    {
        var text = Write(LogFormat.Text, logger => Met(logger, "a\u001b[2J\u009b1A\0", 7));

        Assert.Equal("2026-01-02T03:04:05.006Z warn  Pico.Room: Met a?[2J?1A? 7 times\n", text);
    }

    [Fact]
    public void Json_OfAMessage_HasItsFieldsByName()
    {
        var text = Write(LogFormat.Json, logger => Met(logger, "\"a\"\n", 7));

        using var json = JsonDocument.Parse(text);
        var line = json.RootElement;
        Assert.Equal(text.Length - 1, text.IndexOf('\n', StringComparison.Ordinal));
        Assert.Equal(("warn", "Pico.Room", 42), (line.GetProperty("level").GetString(), line.GetProperty("category").GetString(), line.GetProperty("event").GetInt32()));
        Assert.Equal(("\"a\"\n", 7), (line.GetProperty("fields").GetProperty("Who").GetString(), line.GetProperty("fields").GetProperty("Times").GetInt32()));
    }

    [Fact]
    public void Message_BelowTheLevel_IsNotWritten() => Assert.Equal("", Write(LogFormat.Text, logger => Whispered(logger)));

    [Fact]
    public async Task Log_WhoseReaderIsSlow_HoldsUpNobodyAndTellsWhatItDropped()
    {
        var output = new StalledStream();
        using (var log = new ConsoleLog(new LogLevels(LogLevel.Information, Time), LogFormat.Text, output, Time))
        {
            var logger = log.CreateLogger("Pico.Room");
            for (var i = 0; i < 5000; i++)
                Met(logger, "a", i);
            output.Release();
        }

        var lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var told = Assert.Single(lines, l => l.EndsWith("messages were not logged: the output is too slow.", StringComparison.Ordinal));
        Assert.Equal(5000, lines.Length - 1 + int.Parse(told.Split(' ')[0]));
        await output.DisposeAsync();
    }

    [Fact]
    public void Level_ChangedForAWhile_HoldsForItsCategoriesUntilThen()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        using var output = new MemoryStream();
        var levels = new LogLevels(LogLevel.Information, time);
        using (var log = new ConsoleLog(levels, LogFormat.Text, output, time))
        {
            var (room, other, door) = (log.CreateLogger("Pico.Room"), log.CreateLogger("Pico.Roomy"), log.CreateLogger("Pico.Room.Door"));
            levels.Set("pico.room", LogLevel.Debug, TimeSpan.FromMinutes(10));
            levels.Set("Pico.Room.Door", LogLevel.Error, null);
            Assert.Equal((true, false, false), (room.IsEnabled(LogLevel.Debug), other.IsEnabled(LogLevel.Debug), door.IsEnabled(LogLevel.Warning)));
            Assert.Equal(["", "Pico.Room.Door", "pico.room"], levels.Rules.Select(r => r.Category));
            Whispered(room);

            time.Advance(TimeSpan.FromMinutes(10));
            Assert.Equal((false, true), (room.IsEnabled(LogLevel.Debug), room.IsEnabled(LogLevel.Information)));
            levels.Reset("Pico.Room.Door");
            Assert.True(door.IsEnabled(LogLevel.Information));
            levels.Set("", LogLevel.None, null);
            Assert.All([room, other, door], logger => Assert.False(logger.IsEnabled(LogLevel.Critical)));
        }

        Assert.Contains("debug Pico.Room: Whispered", Encoding.UTF8.GetString(output.ToArray()), StringComparison.Ordinal);
    }

    private static string Write(LogFormat format, Action<ILogger> write)
    {
        using var output = new MemoryStream();
        using (var log = new ConsoleLog(new LogLevels(LogLevel.Information, Time), format, output, Time))
            write(log.CreateLogger("Pico.Room"));
        return Encoding.UTF8.GetString(output.ToArray());
    }

    [LoggerMessage(42, LogLevel.Warning, "Met {Who} {Times} times")]
    private static partial void Met(ILogger logger, string who, int times);

    [LoggerMessage(43, LogLevel.Debug, "Whispered")]
    private static partial void Whispered(ILogger logger);

    /// <summary>Takes nothing until it is released.</summary>
    private sealed class StalledStream : MemoryStream
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _released.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await _released.Task;
            Write(buffer.Span);
        }
    }
}
