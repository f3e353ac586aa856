namespace Pico.Server.Auth;

/// <summary>Why a token was refused: the same value is answered, logged and counted. Who sent it, not the operator, has to act.</summary>
internal enum TokenFailure
{
    /// <summary>There is none where one is needed.</summary>
    Missing,

    /// <summary>It is no JWT, is too long, or a claim has the wrong type.</summary>
    Malformed,

    /// <summary>Its algorithm is not accepted here (<c>none</c> never is).</summary>
    Algorithm,

    /// <summary>No key of this server fits its key ID and algorithm.</summary>
    UnknownKey,

    /// <summary>The signature is wrong.</summary>
    Signature,

    /// <summary>Its <c>exp</c> has passed.</summary>
    Expired,

    /// <summary>Its <c>nbf</c> has not come.</summary>
    NotYetValid,

    /// <summary>Its <c>iss</c> is not the one expected.</summary>
    Issuer,

    /// <summary>Its <c>aud</c> does not contain the one expected.</summary>
    Audience,
}
