namespace Pico.Server.Proxy.Forwarded;

/// <summary>Takes the headers that <see cref="ForwardedTrail"/> sends.</summary>
internal interface IForwardedSink
{
    /// <summary>
    /// The header's value is <paramref name="taken"/> (what the trusted proxy sent), then <paramref name="ours"/>, with a comma between; either may be empty.
    /// </summary>
    void Add(ForwardedHeader header, ReadOnlySpan<byte> taken, ReadOnlySpan<byte> ours);
}
