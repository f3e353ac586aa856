using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pico.Agent.Endpoints;

/// <summary>
/// Reads endpoints from YAML, by its parser events (no reflection):
/// <code>
/// endpoints:
/// - id: orders                 # required
///   address: localhost:4000    # required; as on the command line, with or without a scheme
///   protocol: http             # http, https, h2c or tcp; default: the address's scheme, else http
///   ca: /etc/ca.pem            # with https: ca, server-name, insecure
///   health: /healthz           # or tcp; health-interval, health-timeout, healthy-threshold, unhealthy-threshold
///   selector: {matchLabels: {app: orders}}   # in a file that several pods share: those that it is for
/// </code>
/// </summary>
internal static class EndpointFileParser
{
    /// <summary>A tunnel carries no more registrations by default.</summary>
    private const int MaxEndpoints = 1000;

    /// <summary>Adds a message with file and line to <paramref name="errors"/> for each thing that is wrong.</summary>
    public static IReadOnlyList<EndpointSpec> Parse(TextReader yaml, string file, ICollection<string> errors)
    {
        var specs = Read(yaml, file, null, errors) ?? [];
        EndpointSpecParser.RefuseDuplicates(specs, errors);
        return specs;
    }

    /// <summary>
    /// Reads a file that several pods share: takes the endpoints whose selector, if they have one, is met by <paramref name="labels"/>. Each stands for itself: one
    /// that is wrong adds a message and the others hold. Null if the file as a whole cannot be read.
    /// </summary>
    public static IReadOnlyList<EndpointSpec>? ParseShared(
        TextReader yaml, string file, IReadOnlyDictionary<string, string> labels, ICollection<string> errors) => Read(yaml, file, labels, errors);

    private static List<EndpointSpec>? Read(TextReader yaml, string file, IReadOnlyDictionary<string, string>? labels, ICollection<string> errors)
    {
        var reader = new Reader(new Parser(yaml), file, labels, errors);
        try
        {
            reader.ReadDocument();
            return reader.Specs;
        }
        catch (YamlException e)
        {
            errors.Add($"{file}:{e.Start.Line}: this is no YAML: {e.Message}");
            return null;
        }
    }

    private sealed class Reader(IParser parser, string file, IReadOnlyDictionary<string, string>? labels, ICollection<string> errors)
    {
        // Where messages go: the caller's list, or that of the endpoint being read.
        private ICollection<string> _errors = errors;

        public List<EndpointSpec> Specs { get; } = [];

        public void ReadDocument()
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
                return;
            if (parser.Accept<Scalar>(out var scalar) && scalar.Value.Length == 0)
                parser.MoveNext();
            else
                ReadRoot();
            parser.Consume<DocumentEnd>();
            if (parser.Accept<DocumentStart>(out var second))
                Report(second, "a second document begins here: give one only");
        }

        private void ReadRoot()
        {
            if (!parser.TryConsume<MappingStart>(out _))
            {
                Report(parser.Current!, "give a mapping with the key endpoints");
                parser.SkipThisAndNestedEvents();
                return;
            }

            var seen = false;
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = parser.Current!;
                if (ReadKey() is not "endpoints" and var name)
                    Report(key, $"\"{name}\" is unknown here: give endpoints");
                else if (seen)
                    Report(key, "endpoints is given twice");
                else
                {
                    seen = true;
                    ReadEndpoints();
                    continue;
                }

                parser.SkipThisAndNestedEvents();
            }
        }

        private void ReadEndpoints()
        {
            if (parser.Accept<Scalar>(out var scalar) && IsNull(scalar))
            {
                parser.MoveNext();
                return;
            }

            if (!parser.TryConsume<SequenceStart>(out var start))
            {
                Report(parser.Current!, "endpoints must be a list");
                parser.SkipThisAndNestedEvents();
                return;
            }

            while (!parser.TryConsume<SequenceEnd>(out _))
                ReadEndpoint();
            if (Specs.Count > MaxEndpoints)
                Report(start, $"{Specs.Count} endpoints are too many: an agent serves at most {MaxEndpoints}");
        }

        private void ReadEndpoint()
        {
            if (!parser.TryConsume<MappingStart>(out var start))
            {
                Report(parser.Current!, "an endpoint must be a mapping with id and address");
                parser.SkipThisAndNestedEvents();
                return;
            }

            // What is wrong with an endpoint of somebody else's pods is no concern of this one's.
            var mine = _errors;
            var found = new List<string>();
            _errors = found;
            var values = new Dictionary<string, Scalar>(StringComparer.Ordinal);
            PodSelector? selector = null;
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = parser.Current!;
                var name = ReadKey();
                if (name == "selector")
                    selector = ReadSelector(key);
                else if (!parser.TryConsume<Scalar>(out var value))
                {
                    Report(key, $"{name} must be a single value");
                    parser.SkipThisAndNestedEvents();
                }
                else if (!values.TryAdd(name, value))
                    Report(key, $"{name} is given twice");
            }

            var spec = Build(values, start);
            _errors = mine;
            if (labels is not null && selector?.Matches(labels) == false)
                return;
            foreach (var error in found)
                _errors.Add(error);
            if (spec is not null && found.Count == 0)
                Specs.Add(spec);
        }

        private PodSelector? ReadSelector(ParsingEvent key)
        {
            if (labels is null)
                Report(key, "selector is for a file that pods share: give --pod-labels-file, or leave it out");
            return PodSelectorReader.Read(parser, Report);
        }

        private EndpointSpec? Build(Dictionary<string, Scalar> values, MappingStart start)
        {
            var builder = new EndpointBuilder();
            Require("id", builder.SetId);
            Require("address", builder.SetAddress);
            if (values.Remove("protocol", out var protocol))
                Report(protocol, builder.SetProtocol(protocol.Value));
            foreach (var (name, value) in values)
            {
                Report(value, builder.TrySet(name, value.Value, out var error)
                    ? error
                    : $"\"{name}\" is unknown here: give id, address, protocol, selector, {EndpointBuilder.SettingNames}");
            }

            var spec = builder.Build(out var misfit);
            Report(start, misfit);
            return spec;

            void Require(string name, Func<string, string?> set)
            {
                if (values.Remove(name, out var value))
                    Report(value, set(value.Value));
                else
                    Report(start, $"this endpoint has no {name}");
            }
        }

        private string ReadKey()
        {
            if (parser.TryConsume<Scalar>(out var key))
                return key.Value;
            parser.SkipThisAndNestedEvents();
            return "";
        }

        private static bool IsNull(Scalar scalar) => scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" };

        private void Report(ParsingEvent where, string? error)
        {
            if (error is not null)
                _errors.Add($"{file}:{where.Start.Line}: {error}.");
        }
    }
}
