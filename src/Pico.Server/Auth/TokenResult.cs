using System.Diagnostics.CodeAnalysis;

namespace Pico.Server.Auth;

/// <summary>What became of a token: verified, or refused with the reason. The reason holds nothing secret.</summary>
internal readonly struct TokenResult
{
    private TokenResult(VerifiedToken? token, TokenFailure failure, string reason) => (Token, Failure, Reason) = (token, failure, reason);

    /// <summary>The token, when it was verified.</summary>
    public VerifiedToken? Token { get; }

    /// <summary>Why it was refused, when it was.</summary>
    public TokenFailure Failure { get; }

    /// <summary>The same in words for people: what is wrong, and what would be right.</summary>
    public string Reason { get; }

    /// <summary>True when it was verified or refused.</summary>
    public bool IsJudged => Reason is not null;

    /// <summary>True when it was verified.</summary>
    [MemberNotNullWhen(true, nameof(Token))]
    public bool IsValid => Token is not null;

    /// <summary>True when no key verifies it: a key that is not at hand yet may.</summary>
    public bool IsKeyMissing => !IsValid && Failure is TokenFailure.UnknownKey or TokenFailure.Signature;

    public static TokenResult Valid(VerifiedToken token) => new(token, default, "");

    public static TokenResult Refused(TokenFailure failure, string reason) => new(null, failure, reason);
}
