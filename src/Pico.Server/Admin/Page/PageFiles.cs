using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Pico.Server.Hosting;

namespace Pico.Server.Admin.Page;

/// <summary>
/// The status page: files of this folder, embedded in the program, and needing nothing from elsewhere. They say nothing of the node, so nobody needs a token for them; what
/// they show they ask the Admin API for.
/// </summary>
internal static class PageFiles
{
    /// <summary>Where the page is.</summary>
    public const string Home = "/";

    /// <summary>Where its other files are.</summary>
    public const string Folder = "/page/";

    // Nothing but these files, and the Admin API: no inline script or style, no frame around it, no form to elsewhere.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly Dictionary<string, PageFile> Files = Load();

    /// <summary>Adds the page's paths.</summary>
    public static PathTable GetPage(this PathTable paths)
    {
        foreach (var path in Files.Keys)
            paths.Get(path, WriteAsync);
        return paths;
    }

    /// <summary>True for a path of the page's.</summary>
    public static bool Has(PathString path) => Files.ContainsKey(path.Value ?? "");

    private static async Task WriteAsync(HttpContext context)
    {
        var file = Files[context.Request.Path.Value!];
        var headers = context.Response.Headers;
        headers.ETag = file.ETag;
        headers.CacheControl = "no-cache"; // asked for again each time, sent again only when it is another
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        if (context.Request.Headers.IfNoneMatch.ToString().Contains(file.ETag, StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = file.Content.Length;
        await context.Response.Body.WriteAsync(file.Content, context.RequestAborted);
    }

    private static Dictionary<string, PageFile> Load()
    {
        var files = new Dictionary<string, PageFile>(StringComparer.Ordinal);
        var assembly = typeof(PageFiles).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith("page/", StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            files[resource == "page/index.html" ? Home : $"/{resource}"] = new PageFile(
                content, TypeOf(resource), $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12))}\"");
        }

        return files;
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"The status page has no files of the kind {other}."),
    };

    private sealed record PageFile(byte[] Content, string ContentType, string ETag);
}
