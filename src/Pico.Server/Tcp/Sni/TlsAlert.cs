namespace Pico.Server.Tcp.Sni;

/// <summary>Fatal alerts, as whole TLS records (RFC 8446 sections 5.1 and 6): 21 | version 2 | length 2 | level | description.</summary>
internal static class TlsAlert
{
    /// <summary>Nobody listens under the name that the client asked for, or it asked for none.</summary>
    public static ReadOnlyMemory<byte> UnrecognizedName { get; } = Fatal(112);

    /// <summary>The name is known, but its service cannot be reached now.</summary>
    public static ReadOnlyMemory<byte> InternalError { get; } = Fatal(80);

    /// <summary>What the client sent is no ClientHello.</summary>
    public static ReadOnlyMemory<byte> DecodeError { get; } = Fatal(50);

    private static byte[] Fatal(byte description) => [21, 3, 3, 0, 2, 2, description];
}
