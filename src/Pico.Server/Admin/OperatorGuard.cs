using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using Pico.Server.Auth;
using Pico.Server.Hosting;

namespace Pico.Server.Admin;

/// <summary>
/// Who may change something on the admin port: whoever has shown an operator's token; without tokens only this machine. A browser that shows another site's page
/// may not: that site has no business here, though the browser may be on this machine.
/// </summary>
internal static class OperatorGuard
{
    /// <summary>Lets <paramref name="change"/> answer for those who may.</summary>
    public static RequestDelegate For(RequestDelegate change) => async context =>
    {
        if (IsFromAnotherSite(context.Request))
        {
            await Problem.WriteAsync(context, StatusCodes.Status403Forbidden, "forbidden", "A page of another site may not ask for this.");
            return;
        }

        if (!context.RequestServices.GetRequiredService<AuthGates>().Admin.IsEnabled && !IsLocal(context.Connection))
        {
            await Problem.WriteAsync(
                context, StatusCodes.Status403Forbidden, "forbidden", "Without admin.auth this can be asked for on the node's own machine (loopback) only.");
            return;
        }

        await change(context);
    };

    // Browsers say where a request that changes something comes from (Fetch Metadata, and Origin on every POST and PUT); programs say neither.
    private static bool IsFromAnotherSite(HttpRequest request) =>
        (request.Headers.TryGetValue("Sec-Fetch-Site", out var site) && site != "same-origin" && site != "none")
        || (request.Headers.TryGetValue(HeaderNames.Origin, out var origin) && origin != $"{request.Scheme}://{request.Host}");

    private static bool IsLocal(ConnectionInfo connection) => connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);
}
