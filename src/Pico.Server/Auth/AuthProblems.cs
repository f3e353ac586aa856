using Microsoft.AspNetCore.Http;
using Pico.Server.Hosting;

namespace Pico.Server.Auth;

/// <summary>What a refused token is answered with (RFC 6750, section 3).</summary>
internal static class AuthProblems
{
    /// <summary>The code of <paramref name="failure"/>.</summary>
    public static string Code(TokenFailure failure) => failure == TokenFailure.Expired ? "token_expired" : "unauthorized";

    /// <summary>The value of <c>WWW-Authenticate</c>; nothing of the token stands in it.</summary>
    public static string Challenge(TokenFailure failure) =>
        failure == TokenFailure.Missing ? "Bearer realm=\"pico\"" : "Bearer realm=\"pico\", error=\"invalid_token\"";

    /// <summary>Answers 401 with the reason.</summary>
    public static Task WriteAsync(HttpContext context, TokenResult refused)
    {
        context.Response.Headers.WWWAuthenticate = Challenge(refused.Failure);
        return Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, Code(refused.Failure), refused.Reason);
    }
}
