using System.Text;
using Microsoft.AspNetCore.Http;
using Pico.Server.Auth;
using Pico.Server.Limits;
using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.Access;

/// <summary>
/// Who may come in by the proxy port, for every way in: the lean path, the general one, forward clients. Asked before the endpoint is looked up, so that
/// nobody without a token learns which endpoints there are.
/// </summary>
internal sealed class ClientAccess(AuthGates gates, RequestLimits limits)
{
    private const int UsualCredential = 2048;

    /// <summary>How much they may send.</summary>
    public RequestLimits Limits => limits;

    /// <summary>False: no token is asked for, and everybody may send everywhere.</summary>
    public bool IsEnabled => gates.Proxy.IsEnabled;

    /// <summary>
    /// Judges <paramref name="credential"/> without waiting, and without allocating if it was verified lately. False: <see cref="VerifyAsync"/> has to.
    /// </summary>
    public bool TryJudge(in ClientCredential credential, out TokenResult result)
    {
        if (credential.IsRepeated)
            result = Refused(TokenFailure.Malformed, $"there is more than one {(credential.IsInAuthorization ? "Authorization" : ClientCredential.HeaderName)} header");
        else if (credential.Value.IsEmpty)
            result = Refused(TokenFailure.Missing, $"a token is needed: send 'Authorization: Bearer <JWT>', or '{ClientCredential.HeaderName}' with the same if the service has an Authorization of its own");
        else if (gates.Proxy.Find(credential.Value) is { } token)
            result = TokenResult.Valid(token);
        else
        {
            result = default;
            return false;
        }

        return true;
    }

    /// <summary>Verifies the value of a credential that <see cref="TryJudge"/> could not judge.</summary>
    public ValueTask<TokenResult> VerifyAsync(string credential, CancellationToken cancellationToken) => gates.Proxy.VerifyAsync(credential, cancellationToken);

    /// <summary>
    /// Judges the request of <paramref name="context"/>, and takes what is for Pico off its headers, so that it goes no further. If no token is asked for
    /// the result is <see cref="VerifiedToken.Anonymous"/>.
    /// </summary>
    public ValueTask<TokenResult> AdmitAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        var own = headers[ClientCredential.HeaderName];
        headers.Remove(ClientCredential.HeaderName);
        if (!IsEnabled)
            return ValueTask.FromResult(TokenResult.Valid(VerifiedToken.Anonymous));

        var (field, values) = own.Count > 0 ? (KnownHeader.PicoAuthorization, own) : (KnownHeader.Authorization, headers.Authorization);
        if (field == KnownHeader.Authorization)
            headers.Remove("Authorization");
        var text = values.Count > 0 ? values[0] ?? "" : "";
        Span<byte> bytes = text.Length <= UsualCredential ? stackalloc byte[text.Length] : new byte[text.Length];
        Encoding.Latin1.GetBytes(text, bytes);
        scoped ClientCredential credential = default;
        for (var i = 0; i < values.Count; i++)
            credential.Take(field, bytes); // that there are several is all that counts then
        return TryJudge(credential, out var result) ? ValueTask.FromResult(result) : VerifyAsync(text, context.RequestAborted);
    }

    private TokenResult Refused(TokenFailure failure, string reason) => gates.Proxy.Count(TokenResult.Refused(failure, reason));

    /// <summary>The error that a refused token is answered with.</summary>
    public static ProxyError ErrorOf(in TokenResult result) =>
        result.IsValid ? ProxyError.None : result.Failure == TokenFailure.Expired ? ProxyError.TokenExpired : ProxyError.Unauthorized;
}
