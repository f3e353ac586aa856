using Pico.Server.Proxy.Wire;

namespace Pico.Server.Proxy.Access;

/// <summary>
/// What a request brings along for Pico: the value of <see cref="HeaderName"/>, else that of <c>Authorization</c>. The same rules for both paths:
/// <code>
///   x-pico-authorization: Bearer A   Authorization: Basic B   → A; the service gets Authorization
///                                    Authorization: Bearer A  → A; the service gets none
///   either one given twice                                    → nothing that could be judged
/// </code>
/// </summary>
internal ref struct ClientCredential
{
    /// <summary>The header that is for Pico alone, so that a service can have an <c>Authorization</c> of its own.</summary>
    public const string HeaderName = "x-pico-authorization";

    private ReadOnlySpan<byte> _value;
    private bool _isOwn;

    /// <summary>The credential; empty if there is none.</summary>
    public readonly ReadOnlySpan<byte> Value => IsRepeated ? default : _value;

    /// <summary>The header that carries the credential is there more than once: nobody can say which one is meant.</summary>
    public bool IsRepeated { get; private set; }

    /// <summary>It came in <c>Authorization</c>, which the service must not get then.</summary>
    public bool IsInAuthorization { get; private set; }

    /// <summary>Takes a field of the request. Called for each of them; those that are neither header are passed over.</summary>
    public void Take(KnownHeader field, ReadOnlySpan<byte> value)
    {
        if (field == KnownHeader.PicoAuthorization)
        {
            (IsRepeated, _isOwn, IsInAuthorization) = (_isOwn, true, false);
            _value = value;
        }
        else if (field == KnownHeader.Authorization && !_isOwn)
        {
            (IsRepeated, IsInAuthorization) = (IsInAuthorization, true);
            _value = value;
        }
    }
}
