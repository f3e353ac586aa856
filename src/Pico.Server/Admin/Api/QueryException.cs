namespace Pico.Server.Admin.Api;

/// <summary>A query that this API does not take; the message says what would be right. Answered with 400 <c>invalid_query</c>.</summary>
internal sealed class QueryException(string message) : Exception(message)
{
    /// <summary>A value that is not what it should be.</summary>
    public static QueryException Of(string name, string value, string right) => new($"{name}={Cut(value)} is not valid: {right}.");

    private static string Cut(string value) => value.Length <= 100 ? value : string.Concat(value.AsSpan(0, 100), "…");
}
