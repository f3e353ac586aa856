using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace Pico.Server.Admin.Api;

/// <summary>The parameters of a request to the Admin API. All that reads them throws <see cref="QueryException"/> for what is wrong.</summary>
internal sealed class AdminQuery
{
    /// <summary>How many things a page has if nobody says.</summary>
    public const int DefaultLimit = 500;

    /// <summary>How many a page has at the most.</summary>
    public const int MaxLimit = 1000;

    private const int MaxValue = 512;

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private AdminQuery()
    {
    }

    /// <summary>Reads a query string, with or without its question mark: only names of <paramref name="known"/>, each once.</summary>
    public static AdminQuery Parse(string? queryString, IReadOnlyList<AdminParameter> known)
    {
        var query = new AdminQuery();
        foreach (var pair in new QueryStringEnumerable(queryString))
        {
            var (name, value) = (pair.DecodeName().ToString(), pair.DecodeValue().ToString());
            if (!known.Any(p => p.Name == name))
            {
                var all = known.Count == 0 ? "it takes none" : $"it takes {string.Join(", ", known.Select(p => p.Name))}";
                throw new QueryException($"This path knows no parameter '{(name.Length <= 100 ? name : name[..100])}': {all}.");
            }

            if (value.Length > MaxValue)
                throw new QueryException($"{name} is longer than {MaxValue} characters.");
            if (!query._values.TryAdd(name, value))
                throw new QueryException($"{name} stands there twice.");
        }

        return query;
    }

    /// <summary>A text; null if it is missing or empty.</summary>
    public string? Text(AdminParameter parameter) => _values.GetValueOrDefault(parameter.Name) is { Length: > 0 } value ? value : null;

    /// <summary>One of the parameter's choices; null if it is missing or empty.</summary>
    public string? Choice(AdminParameter parameter)
    {
        var value = Text(parameter);
        return value is null || parameter.Choices.Contains(value, StringComparer.Ordinal)
            ? value
            : throw QueryException.Of(parameter.Name, value, $"one of {string.Join(", ", parameter.Choices)}");
    }

    /// <summary>How many things are wanted at the most.</summary>
    public int Limit() => Text(AdminParameter.Limit) is not { } value ? DefaultLimit
        : int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit ? limit
        : throw QueryException.Of(AdminParameter.Limit.Name, value, $"a number from 1 to {MaxLimit}");

    /// <summary>Where a former page ended; false without one.</summary>
    public bool TryContinue([NotNullWhen(true)] out PageCursor? cursor)
    {
        cursor = null;
        if (Text(AdminParameter.Continue) is not { } value)
            return false;
        cursor = PageCursor.TryParse(value) ?? throw QueryException.Of(AdminParameter.Continue.Name, value, "what a former page gave as continue");
        return true;
    }
}
