namespace Pico.Server.Admin.Api;

/// <summary>A resource of the Admin API that can be read: its path is what the API answers by, and what the OpenAPI document says.</summary>
/// <param name="Path">The path. A part <c>{id}</c> at its end stands for a name.</param>
/// <param name="Summary">What it tells.</param>
/// <param name="Body">The type of its body.</param>
/// <param name="Parameters">The parameters of its query, beside <see cref="AdminParameter.Node"/>.</param>
/// <param name="Answer">Answers, given the name in the path (empty without one) and the query. Throws <see cref="QueryException"/>.</param>
internal sealed record AdminResource(string Path, string Summary, Type Body, IReadOnlyList<AdminParameter> Parameters, Func<string, AdminQuery, AdminAnswer> Answer)
{
    private const string Name = "{id}";

    /// <summary>All parameters.</summary>
    public IReadOnlyList<AdminParameter> AllParameters { get; } = [AdminParameter.Node, .. Parameters];

    /// <summary>True if the path ends in a name.</summary>
    public bool IsNamed => Path.EndsWith(Name, StringComparison.Ordinal);

    /// <summary>The path up to the name, if there is one.</summary>
    public string Prefix => IsNamed ? Path[..^Name.Length] : Path;

    /// <summary>True if <paramref name="path"/> is one of this resource; <paramref name="name"/> is what stands for the name.</summary>
    public bool Matches(string path, out string name)
    {
        name = "";
        if (!IsNamed)
            return path == Path;
        if (!path.StartsWith(Prefix, StringComparison.Ordinal) || path.Length == Prefix.Length || path.AsSpan(Prefix.Length).Contains('/'))
            return false;
        name = path[Prefix.Length..];
        return true;
    }
}
