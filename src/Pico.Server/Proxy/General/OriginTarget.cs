using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.General;

/// <summary>What a service is asked for: path and query as they came, without the scheme and authority of an absolute target (RFC 9112 3.2).</summary>
internal static class OriginTarget
{
    /// <summary>Gives it, or false for a target that no service could be asked for.</summary>
    public static bool TryGet(HttpContext context, out string target)
    {
        target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var isOptions = HttpMethods.IsOptions(context.Request.Method);
        // What is not ASCII becomes a question mark, so it is looked for first.
        if (!Ascii.IsValid(target) || !RequestTarget.TryParse(Encoding.ASCII.GetBytes(target), isOptions, out var parsed))
            return false;
        if (parsed.IsAbsolute)
            target = parsed.Path.IsEmpty ? (isOptions ? "*" : "/") : (parsed.Path[0] == '/' ? "" : "/") + Encoding.ASCII.GetString(parsed.Path);
        return true;
    }
}
