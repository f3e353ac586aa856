using Pico.Configuration.Definitions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pico.Configuration.Loading;

/// <summary>
/// Options from a YAML file, by parser events: groups are mappings, values are scalars or, for lists, sequences of scalars (of mappings too, where the items are objects). A file of at most
/// 1 MiB with one document, without anchors.
/// </summary>
internal sealed class YamlSource
{
    private const int MaxFileSize = 1024 * 1024;
    private const int MaxDepth = 8;

    private readonly string _file;
    private readonly Dictionary<string, OptionDefinition> _known;
    private readonly Dictionary<string, RawValue> _values;
    private readonly List<ConfigurationProblem> _problems;
    private readonly HashSet<string> _seen = [];

    private YamlSource(string file, IEnumerable<OptionDefinition> options, Dictionary<string, RawValue> values, List<ConfigurationProblem> problems)
    {
        _file = file;
        _known = options.ToDictionary(o => o.Name);
        _values = values;
        _problems = problems;
    }

    /// <summary>Reads <paramref name="file"/>: values by option name, and everything that is wrong, each with line and column.</summary>
    public static void Read(string file, IEnumerable<OptionDefinition> options, Dictionary<string, RawValue> values, List<ConfigurationProblem> problems)
    {
        try
        {
            if (new FileInfo(file).Length > MaxFileSize)
            {
                problems.Add(new(file, "", $"greater than {MaxFileSize / 1024} KiB"));
                return;
            }

            using var text = File.OpenText(file);
            new YamlSource(file, options, values, problems).ReadDocument(new Parser(text));
        }
        catch (YamlException e)
        {
            problems.Add(new(file, $"{file}:{e.Start.Line}:{e.Start.Column}", "not valid YAML: " + (e.InnerException ?? e).Message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new(file, "--config", "cannot be read: " + e.Message));
        }
    }

    private void ReadDocument(Parser parser)
    {
        parser.Consume<StreamStart>();
        if (!parser.TryConsume<DocumentStart>(out _))
            return;
        if (parser.Accept<Scalar>(out var scalar) && IsNull(scalar))
            parser.SkipThisAndNestedEvents();
        else
            ReadNode(parser, "", 0);
        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second))
            _problems.Add(new(_file, Position(second), "only one document is allowed"));
    }

    private void ReadNode(Parser parser, string path, int depth)
    {
        _known.TryGetValue(path, out var option);
        if (parser.TryConsume<MappingStart>(out var mapping))
        {
            if (option is not null)
                Refuse(path, mapping, "a group of keys is not a value; allowed: " + option.Allowed);
            else if (depth == MaxDepth)
                Refuse(path, mapping, "nested too deeply");
            if (option is not null || depth == MaxDepth || !mapping.Anchor.IsEmpty)
            {
                if (!mapping.Anchor.IsEmpty)
                    RefuseAnchor(path, mapping);
                SkipToEnd<MappingEnd>(parser);
                return;
            }

            while (!parser.TryConsume<MappingEnd>(out _))
                ReadEntry(parser, path, depth);
            return;
        }

        if (parser.TryConsume<SequenceStart>(out var sequence))
            ReadSequence(parser, path, sequence, option);
        else if (parser.TryConsume<Scalar>(out var scalar))
            ReadScalar(path, scalar, option);
        else
            RefuseAnchor(path, parser.Consume<AnchorAlias>());
    }

    private void ReadEntry(Parser parser, string path, int depth)
    {
        if (!parser.TryConsume<Scalar>(out var key))
        {
            Refuse(path, parser.Current!, "a key must be a word");
            parser.SkipThisAndNestedEvents();
            parser.SkipThisAndNestedEvents();
            return;
        }

        var name = path.Length == 0 ? key.Value : path + '.' + key.Value;
        if (!_known.ContainsKey(name) && !_known.Keys.Any(k => k.StartsWith(name + '.', StringComparison.Ordinal)))
        {
            _problems.Add(ConfigurationProblem.UnknownKey(name, Position(key), Spelling.Nearest(name, Candidates())));
            parser.SkipThisAndNestedEvents();
            return;
        }

        if (!_seen.Add(name))
            Refuse(name, key, "given more than once");
        ReadNode(parser, name, depth + 1);
    }

    private void ReadSequence(Parser parser, string path, SequenceStart sequence, OptionDefinition? option)
    {
        if (option is not { IsList: true } || !sequence.Anchor.IsEmpty)
        {
            Refuse(path, sequence, option is null ? "keys and values are expected here" : "a list is not allowed here; allowed: " + option.Allowed);
            SkipToEnd<SequenceEnd>(parser);
            return;
        }

        var items = new List<string>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            if (parser.TryConsume<Scalar>(out var item))
            {
                items.Add(item.Value);
                continue;
            }

            if (option.HasObjects && parser.Current is MappingStart start)
            {
                if (YamlObject.TryRead(parser, out var json))
                    items.Add(json);
                else
                    Refuse(path, start, "an item of the list has anchors, a key that is no word or is given twice, or is nested too deeply; allowed: " + option.Allowed);
                continue;
            }

            Refuse(path, parser.Current!, "an item of the list is not a plain value; allowed: " + option.Allowed);
            parser.SkipThisAndNestedEvents();
        }

        if (items.Count == 0)
            items.Add("");
        _values[path] = new RawValue(items, Position(sequence));
    }

    private void ReadScalar(string path, Scalar scalar, OptionDefinition? option)
    {
        if (!scalar.Anchor.IsEmpty)
            RefuseAnchor(path, scalar);
        else if (option is null && !IsNull(scalar))
            Refuse(path, scalar, "keys are expected here, not a value");
        else if (option is not null && IsNull(scalar))
            Refuse(path, scalar, "has no value (write '' for an empty one); allowed: " + option.Allowed);
        else if (option is not null)
            _values[path] = new RawValue([scalar.Value], Position(scalar));
    }

    private void RefuseAnchor(string path, ParsingEvent at) => Refuse(path, at, "anchors and aliases are not allowed");

    private void Refuse(string path, ParsingEvent at, string message) => _problems.Add(new(path.Length == 0 ? _file : path, Position(at), message));

    private string Position(ParsingEvent at) => $"{_file}:{at.Start.Line}:{at.Start.Column}";

    // What a misspelt key may have meant: the options, and the groups that they stand in.
    private IEnumerable<string> Candidates() =>
        _known.Keys.Concat(_known.Keys.Where(k => k.Contains('.', StringComparison.Ordinal)).Select(k => k[..k.LastIndexOf('.')]).Distinct());

    private static bool IsNull(Scalar scalar) => scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL";

    private static void SkipToEnd<TEnd>(Parser parser)
        where TEnd : ParsingEvent
    {
        while (!parser.TryConsume<TEnd>(out _))
            parser.SkipThisAndNestedEvents();
    }
}
