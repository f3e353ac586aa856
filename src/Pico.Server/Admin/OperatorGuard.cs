using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;
using Pico.Server.Auth;
using Pico.Server.Hosting;

namespace Pico.Server.Admin;

/// <summary>
/// Who may change something on the admin port: whoever has shown an operator's token; without tokens only this machine. A page that a browser shows may not,
/// though the browser may be on this machine: Pico's own page changes nothing, and whether another's is what its name says, a name of the DNS that leads here does not tell.
/// </summary>
internal static class OperatorGuard
{
    /// <summary>Lets <paramref name="change"/> answer for those who may.</summary>
    public static RequestDelegate For(RequestDelegate change) => async context =>
    {
        if (IsFromAPage(context.Request))
        {
            await Problem.WriteAsync(context, StatusCodes.Status403Forbidden, "forbidden", "A page in a browser may not ask for this: use pico or curl.");
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
    private static bool IsFromAPage(HttpRequest request) => request.Headers.ContainsKey("Sec-Fetch-Site") || request.Headers.ContainsKey(HeaderNames.Origin);

    private static bool IsLocal(ConnectionInfo connection) => connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);
}
