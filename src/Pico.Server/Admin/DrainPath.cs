using System.Net.Mime;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Hosting;

namespace Pico.Server.Admin;

/// <summary><c>POST /drain</c>: asks the node to drain and to end, as SIGTERM does. For those whom <see cref="OperatorGuard"/> lets pass.</summary>
internal static class DrainPath
{
    public static RequestDelegate AnswerAsync { get; } = OperatorGuard.For(DrainAsync);

    private static Task DrainAsync(HttpContext context)
    {
        context.RequestServices.GetRequiredService<NodeLifecycle>().RequestDrain();
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.ContentType = MediaTypeNames.Text.Plain;
        return context.Response.WriteAsync("draining\n", context.RequestAborted);
    }
}
