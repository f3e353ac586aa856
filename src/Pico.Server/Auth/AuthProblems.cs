using Microsoft.AspNetCore.Http;
using Pico.Server.Hosting;

namespace Pico.Server.Auth;

/// <summary>What a refused token is answered with (RFC 6750, section 3).</summary>
internal static class AuthProblems
{
    /// <summary>The code of <paramref name="failure"/>.</summary>
    public static string Code(TokenFailure failure) => failure == TokenFailure.Expired ? "token_expired" : "unauthorized";

    /// <summary>The value of <c>WWW-Authenticate</c>, with the reason if there was a token. Nothing secret stands in it.</summary>
    public static string Challenge(in TokenResult refused) => refused.Failure == TokenFailure.Missing
        ? "Bearer realm=\"pico\""
        : $"Bearer realm=\"pico\", error=\"invalid_token\", error_description=\"{Described(refused.Reason)}\"";

    /// <summary>What an error description may consist of: visible ASCII and spaces, without quotation marks and backslashes. Parts of the token's header can stand in a reason.</summary>
    private static string Described(string reason) =>
        string.Create(reason.Length, reason, static (span, text) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = text[i] is >= ' ' and <= '~' and not ('"' or '\\') ? text[i] : '?';
        });

    /// <summary>Answers 401 with the reason.</summary>
    public static Task WriteAsync(HttpContext context, TokenResult refused)
    {
        context.Response.Headers.WWWAuthenticate = Challenge(refused);
        return Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, Code(refused.Failure), refused.Reason);
    }
}
