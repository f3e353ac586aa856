using System.Diagnostics.CodeAnalysis;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Auth;

/// <summary>
/// The claim <c>pico.endpoints</c>: endpoint IDs, and prefixes with one <c>*</c> at the end (<c>team-a-*</c>; <c>*</c> alone is every endpoint).
/// </summary>
internal sealed class EndpointPatterns
{
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _exact;
    private readonly string[] _prefixes;
    private readonly bool _all;

    private EndpointPatterns(IEnumerable<string> exact, string[] prefixes, bool all)
    {
        _exact = new HashSet<string>(exact, StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
        (_prefixes, _all) = (prefixes, all);
    }

    /// <summary>Every endpoint: a token without the claim.</summary>
    public static EndpointPatterns All { get; } = new([], [], all: true);

    /// <summary>No endpoint.</summary>
    public static EndpointPatterns None { get; } = new([], [], all: false);

    /// <summary>Reads the claim's values; false with what is wrong if one is neither an endpoint ID nor a prefix.</summary>
    public static bool TryParse(IReadOnlyCollection<string> values, [NotNullWhen(true)] out EndpointPatterns? patterns, out string wrong)
    {
        var exact = new List<string>(values.Count);
        var prefixes = new List<string>();
        patterns = null;
        wrong = "";
        foreach (var value in values)
        {
            var isPrefix = value.EndsWith('*');
            var text = (isPrefix ? value[..^1] : value).ToLowerInvariant();
            // What stands before the star must be able to begin an endpoint ID.
            if (!(isPrefix ? text.Length == 0 || EndpointId.IsValid(text + "a") : EndpointId.IsValid(text)))
            {
                wrong = $"pico.endpoints has '{(value.Length > 80 ? value[..80] : value)}', which is neither an endpoint ID ({EndpointId.Rule}) nor a prefix such as 'team-a-*'";
                return false;
            }

            (isPrefix ? prefixes : exact).Add(text);
        }

        patterns = new EndpointPatterns(exact, [.. prefixes], all: false);
        return true;
    }

    /// <summary>True if <paramref name="endpointId"/>, in either case, is among them. Allocates nothing.</summary>
    public bool Permit(ReadOnlySpan<char> endpointId)
    {
        if (_all || _exact.Contains(endpointId))
            return true;
        foreach (var prefix in _prefixes)
        {
            if (endpointId.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    /// <summary>True if <paramref name="endpointId"/>, in either case, is named in full, not only by a prefix or by everything.</summary>
    public bool Name(ReadOnlySpan<char> endpointId) => _exact.Contains(endpointId);

    /// <summary>For people.</summary>
    public override string ToString() => _all ? "every endpoint" : string.Join(", ", _exact.Set.Concat(_prefixes.Select(p => p + "*")).DefaultIfEmpty("no endpoint"));
}
