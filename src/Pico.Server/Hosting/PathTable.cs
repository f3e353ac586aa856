using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Pico.Server.Hosting;

/// <summary>The few paths of a port that are Pico's own, each for GET (and HEAD): exact, and everything else is not found.</summary>
internal sealed class PathTable
{
    private readonly Dictionary<string, RequestDelegate> _paths = new(StringComparer.Ordinal);

    /// <summary>Adds a path.</summary>
    public PathTable Get(string path, RequestDelegate handler)
    {
        _paths.Add(path, handler);
        return this;
    }

    /// <summary>Answers a request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (!_paths.TryGetValue(context.Request.Path.Value ?? "", out var handler))
        {
            return Problem.WriteAsync(
                context, StatusCodes.Status404NotFound, "not_found", $"This port has {string.Join(", ", _paths.Keys.Order(StringComparer.Ordinal))}.");
        }

        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || HttpMethods.IsConnect(context.Request.Method))
            return handler(context);

        context.Response.Headers.Allow = "GET, HEAD";
        return Problem.WriteAsync(context, StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "This path takes GET only.");
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
