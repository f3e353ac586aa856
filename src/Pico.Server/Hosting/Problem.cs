using Microsoft.AspNetCore.Http;
using Pico.Server.Proxy;

namespace Pico.Server.Hosting;

/// <summary>Problem details (RFC 9457) of the paths that are Pico's own. Those of proxied requests are <see cref="Proxy.Errors.ProblemResponse"/>.</summary>
internal static class Problem
{
    /// <summary>Answers with <paramref name="status"/>; <paramref name="code"/> also goes into <see cref="ProxyErrors.HeaderName"/>.</summary>
    public static Task WriteAsync(HttpContext context, int status, string code, string detail)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.Headers[ProxyErrors.HeaderName] = code;
        response.Headers.CacheControl = "no-store";
        var problem = new ProblemBody(code, status, detail, code);
        return response.WriteAsJsonAsync(problem, ProblemJsonContext.Default.ProblemBody, "application/problem+json", context.RequestAborted);
    }
}
