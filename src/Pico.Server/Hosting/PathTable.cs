using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Pico.Server.Hosting;

/// <summary>The few paths of a port that are Pico's own, each for GET (and HEAD) or for POST: exact, or all below one; everything else is not found.</summary>
internal sealed class PathTable
{
    private readonly Dictionary<string, (bool IsPost, RequestDelegate Handler)> _paths = new(StringComparer.Ordinal);
    private readonly List<(string Prefix, RequestDelegate Handler)> _below = [];

    /// <summary>Adds a path that tells something.</summary>
    public PathTable Get(string path, RequestDelegate handler)
    {
        _paths.Add(path, (false, handler));
        return this;
    }

    /// <summary>Adds everything below a path, which ends in a slash, that tells something.</summary>
    public PathTable GetBelow(string prefix, RequestDelegate handler)
    {
        _below.Add((prefix, handler));
        return this;
    }

    /// <summary>Adds a path that does something.</summary>
    public PathTable Post(string path, RequestDelegate handler)
    {
        _paths.Add(path, (true, handler));
        return this;
    }

    /// <summary>Answers a request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (!TryFind(context.Request.Path.Value ?? "", out var path))
        {
            return Problem.WriteAsync(
                context, StatusCodes.Status404NotFound, "not_found", $"This port has {string.Join(", ", _paths.Keys.Order(StringComparer.Ordinal))}.");
        }

        var method = context.Request.Method;
        if (path.IsPost ? HttpMethods.IsPost(method) : HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsConnect(method))
            return path.Handler(context);

        context.Response.Headers.Allow = path.IsPost ? "POST" : "GET, HEAD";
        return Problem.WriteAsync(
            context, StatusCodes.Status405MethodNotAllowed, "method_not_allowed", $"This path takes {(path.IsPost ? "POST" : "GET")} only.");
    }

    private bool TryFind(string path, out (bool IsPost, RequestDelegate Handler) found)
    {
        if (_paths.TryGetValue(path, out found))
            return true;
        foreach (var (prefix, handler) in _below)
        {
            if (!path.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            found = (false, handler);
            return true;
        }

        return false;
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
