using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pico.Agent.Endpoints;

/// <summary>
/// Reads a <see cref="PodSelector"/> from YAML events: <c>{matchLabels: {app: orders}, matchExpressions: [{key: tier, operator: In, values: [web]}]}</c>.
/// </summary>
internal static class PodSelectorReader
{
    /// <summary>Consumes the value of the key <c>selector</c>; null if something is wrong with it, which <paramref name="report"/> is told.</summary>
    public static PodSelector? Read(IParser parser, Action<ParsingEvent, string?> report)
    {
        var start = parser.Current!;
        if (!parser.TryConsume<MappingStart>(out _))
        {
            report(start, "selector must be a mapping with matchLabels or matchExpressions");
            parser.SkipThisAndNestedEvents();
            return null;
        }

        var selector = new PodSelector();
        var isGood = true;
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = parser.Consume<Scalar>();
            if (key.Value == "matchLabels" && parser.TryConsume<MappingStart>(out _))
                ReadLabels(parser, selector);
            else if (key.Value == "matchExpressions" && parser.TryConsume<SequenceStart>(out _))
                isGood &= ReadExpressions(parser, selector, report);
            else
            {
                report(key, $"\"{key.Value}\" does not belong in a selector: give matchLabels or matchExpressions");
                parser.SkipThisAndNestedEvents();
                isGood = false;
            }
        }

        return isGood ? selector : null;
    }

    private static void ReadLabels(IParser parser, PodSelector selector)
    {
        while (!parser.TryConsume<MappingEnd>(out _))
            selector.Equal(parser.Consume<Scalar>().Value, parser.Consume<Scalar>().Value);
    }

    private static bool ReadExpressions(IParser parser, PodSelector selector, Action<ParsingEvent, string?> report)
    {
        var isGood = true;
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            var start = parser.Consume<MappingStart>();
            string? key = null, @operator = null;
            var values = new List<string>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var name = parser.Consume<Scalar>().Value;
                if (name == "key")
                    key = parser.Consume<Scalar>().Value;
                else if (name == "operator")
                    @operator = parser.Consume<Scalar>().Value;
                else if (name == "values" && parser.TryConsume<SequenceStart>(out _))
                {
                    while (!parser.TryConsume<SequenceEnd>(out _))
                        values.Add(parser.Consume<Scalar>().Value);
                }
                else
                    parser.SkipThisAndNestedEvents();
            }

            var problem = selector.Add(key, @operator, values);
            report(start, problem);
            isGood &= problem is null;
        }

        return isGood;
    }
}
