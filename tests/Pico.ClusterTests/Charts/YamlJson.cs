using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pico.ClusterTests.Charts;

/// <summary>YAML as Kubernetes reads it (the JSON types of YAML 1.2's core schema), from parser events.</summary>
internal static class YamlJson
{
    /// <summary>The next node. A key that stands twice is refused.</summary>
    public static JsonNode? Read(IParser parser)
    {
        if (parser.TryConsume<Scalar>(out var scalar))
            return Value(scalar);
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
                items.Add(Read(parser));
            return items;
        }

        parser.Consume<MappingStart>();
        var members = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Consume<Scalar>();
            if (members.ContainsKey(key.Value))
                throw new YamlException(key.Start, key.End, $"The key {key.Value} stands twice.");
            members[key.Value] = Read(parser);
        }

        return members;
    }

    private static JsonNode? Value(Scalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain)
            return text;
        return text switch
        {
            "" or "~" or "null" => null,
            "true" => true,
            "false" => false,
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && !(text.Length > 1 && text[0] == '0') => Number(number),
            // Octal, as YAML 1.1 writes a file's mode.
            _ when text.Length > 1 && text[0] == '0' && text.All(char.IsAsciiDigit) => Number(Convert.ToInt64(text, 8)),
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && char.IsAsciiDigit(text[^1]) => number,
            _ => text,
        };
    }

    // As it stands in JSON, so that it can be read as any type that it fits.
    private static JsonNode? Number(long number) => JsonNode.Parse(number.ToString(CultureInfo.InvariantCulture));
}
