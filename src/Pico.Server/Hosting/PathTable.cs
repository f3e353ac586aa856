using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Pico.Server.Hosting;

/// <summary>
/// The few paths of a port that are Pico's own, each for GET (and HEAD), for POST or for PUT: exact, or all below one; everything else is not found.
/// </summary>
internal sealed class PathTable
{
    private readonly Dictionary<string, List<(string Method, RequestDelegate Handler)>> _paths = new(StringComparer.Ordinal);
    private readonly List<(string Prefix, List<(string Method, RequestDelegate Handler)> Handlers)> _below = [];

    /// <summary>Adds a path that tells something.</summary>
    public PathTable Get(string path, RequestDelegate handler) => Add(path, HttpMethods.Get, handler);

    /// <summary>Adds everything below a path, which ends in a slash, that tells something.</summary>
    public PathTable GetBelow(string prefix, RequestDelegate handler)
    {
        _below.Add((prefix, [(HttpMethods.Get, handler)]));
        return this;
    }

    /// <summary>Adds a path that does something.</summary>
    public PathTable Post(string path, RequestDelegate handler) => Add(path, HttpMethods.Post, handler);

    /// <summary>Adds a path that sets something.</summary>
    public PathTable Put(string path, RequestDelegate handler) => Add(path, HttpMethods.Put, handler);

    /// <summary>Answers a request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (!TryFind(context.Request.Path.Value ?? "", out var handlers))
        {
            return Problem.WriteAsync(
                context, StatusCodes.Status404NotFound, "not_found", $"This port has {string.Join(", ", _paths.Keys.Order(StringComparer.Ordinal))}.");
        }

        var method = context.Request.Method;
        var wanted = HttpMethods.IsHead(method) || HttpMethods.IsConnect(method) ? HttpMethods.Get : method;
        foreach (var (known, handler) in handlers)
        {
            if (HttpMethods.Equals(known, wanted))
                return handler(context);
        }

        var allowed = handlers.Select(h => h.Method).ToArray();
        context.Response.Headers.Allow = string.Join(", ", allowed.SelectMany(m => HttpMethods.IsGet(m) ? [m, HttpMethods.Head] : new[] { m }));
        return Problem.WriteAsync(
            context, StatusCodes.Status405MethodNotAllowed, "method_not_allowed", $"This path takes {string.Join(" and ", allowed)} only.");
    }

    private PathTable Add(string path, string method, RequestDelegate handler)
    {
        if (!_paths.TryGetValue(path, out var handlers))
            _paths.Add(path, handlers = []);
        handlers.Add((method, handler));
        return this;
    }

    private bool TryFind(string path, [NotNullWhen(true)] out List<(string Method, RequestDelegate Handler)>? found)
    {
        if (_paths.TryGetValue(path, out found))
            return true;
        found = _below.FirstOrDefault(b => path.StartsWith(b.Prefix, StringComparison.Ordinal)).Handlers;
        return found is not null;
    }
}

/// <summary>Puts a <see cref="PathTable"/> at the end of a pipeline.</summary>
internal static class PathTableExtensions
{
    public static void RunPaths(this IApplicationBuilder app, Action<PathTable> add)
    {
        var table = new PathTable();
        add(table);
        app.Run(table.InvokeAsync);
    }
}
