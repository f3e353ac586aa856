using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Pico.Agent.Commands.Logs;

/// <summary>One message to log.</summary>
internal readonly record struct LogEvent(
    DateTimeOffset Time, LogLevel Level, string Category, int Id, string Message, Exception? Exception, IReadOnlyList<KeyValuePair<string, object?>>? Fields);

/// <summary>How a message looks: always one line.</summary>
internal static class LogLine
{
    private static readonly SearchValues<char> Controls = SearchValues.Create([.. Enumerable.Range(0, 0xA0).Select(c => (char)c).Where(char.IsControl)]);

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary><c>2026-11-23T14:33:03.740Z info  Pico.Agent: The agent has stopped</c></summary>
    public static void WriteText(IBufferWriter<byte> output, in LogEvent message)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{message.Time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)} {Word(message.Level),-5} {message.Category}: {message.Message}");
        if (message.Exception is not null)
            text += " | " + message.Exception;
        // Messages can quote what peers sent: no line may look like two, and none moves a terminal's cursor.
        text = text.ReplaceLineEndings(" | ");
        if (text.AsSpan().ContainsAny(Controls))
            text = string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
        Encoding.UTF8.GetBytes(text, output);
        output.Write("\n"u8);
    }

    /// <summary><c>{"time":"…","level":"info","category":"…","event":3003,"message":"…","exception":"…","fields":{…}}</c></summary>
    public static void WriteJson(IBufferWriter<byte> output, in LogEvent message)
    {
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("time", message.Time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
            json.WriteString("level", Word(message.Level));
            json.WriteString("category", message.Category);
            json.WriteNumber("event", message.Id);
            json.WriteString("message", message.Message);
            if (message.Exception is not null)
                json.WriteString("exception", message.Exception.ToString());
            WriteFields(json, message.Fields ?? []);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void WriteFields(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> fields)
    {
        json.WriteStartObject("fields");
        foreach (var (name, value) in fields)
        {
            // The template says nothing that the message doesn't.
            if (name == "{OriginalFormat}")
                continue;
            switch (value)
            {
                case int or long or short or ushort or uint:
                    json.WriteNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                    break;
                case bool flag:
                    json.WriteBoolean(name, flag);
                    break;
                default:
                    json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
                    break;
            }
        }

        json.WriteEndObject();
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        _ => "error",
    };
}
