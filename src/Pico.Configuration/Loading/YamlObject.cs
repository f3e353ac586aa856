using System.Text;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pico.Configuration.Loading;

/// <summary>Reads a mapping of a YAML file as the JSON object that flags and variables would give; every scalar is a string there.</summary>
internal static class YamlObject
{
    private const int MaxDepth = 8;

    /// <summary>Reads the mapping that comes next, whole; false if it has anchors, keys that are no words or are given twice, or is nested too deeply.</summary>
    public static bool TryRead(IParser parser, out string json)
    {
        using var text = new MemoryStream();
        bool isGood;
        using (var writer = new Utf8JsonWriter(text, new JsonWriterOptions { SkipValidation = true }))
            isGood = Write(parser, writer, 0);
        json = Encoding.UTF8.GetString(text.ToArray());
        return isGood;
    }

    private static bool Write(IParser parser, Utf8JsonWriter writer, int depth)
    {
        var isGood = depth < MaxDepth && parser.Current is not NodeEvent { Anchor.IsEmpty: false } and not AnchorAlias;
        if (parser.TryConsume<Scalar>(out var scalar))
        {
            writer.WriteStringValue(scalar.Value);
        }
        else if (parser.TryConsume<SequenceStart>(out _))
        {
            writer.WriteStartArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
                isGood &= Write(parser, writer, depth + 1);
            writer.WriteEndArray();
        }
        else if (parser.TryConsume<MappingStart>(out _))
        {
            writer.WriteStartObject();
            isGood &= WriteEntries(parser, writer, depth);
            writer.WriteEndObject();
        }
        else
        {
            parser.SkipThisAndNestedEvents();
            return false;
        }

        return isGood;
    }

    private static bool WriteEntries(IParser parser, Utf8JsonWriter writer, int depth)
    {
        var isGood = true;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out var key))
            {
                parser.SkipThisAndNestedEvents();
                parser.SkipThisAndNestedEvents();
                isGood = false;
                continue;
            }

            isGood &= key.Anchor.IsEmpty && keys.Add(key.Value);
            writer.WritePropertyName(key.Value);
            isGood &= Write(parser, writer, depth + 1);
        }

        return isGood;
    }
}
