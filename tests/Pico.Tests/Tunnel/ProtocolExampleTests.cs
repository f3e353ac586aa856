using System.Globalization;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Tunnel;

/// <summary>The bytes in docs/protocol.md are those that the code writes.</summary>
public sealed class ProtocolExampleTests
{
    [Fact]
    public void Examples_InTheDocument_AreWhatTheCodeWrites()
    {
        Span<byte> payload = stackalloc byte[512];
        var hello = MessageCodec.WriteHello(payload, new TunnelHello { Id = "a1", Name = "web" });
        var expected = Frame(FrameType.Hello, 0, payload[..hello]);
        var register = MessageCodec.WriteRegister(payload, new Registration { Id = 1, EndpointId = "web", Protocol = EndpointProtocol.Http });
        expected = [.. expected, .. Frame(FrameType.Register, 1, payload[..register])];

        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "protocol.md"));
        var written = document[document.IndexOf("## 7. An example", StringComparison.Ordinal)..]
            .Split('\n')
            .Where(line => line.StartsWith("    ", StringComparison.Ordinal))
            .SelectMany(line => line[4..Math.Min(line.Length, 44)].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(text => byte.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .ToArray();

        Assert.Equal(expected, written);
    }

    private static byte[] Frame(FrameType type, uint id, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[FrameHeader.Size + payload.Length];
        new FrameHeader(type, 0, (ushort)payload.Length, id).Write(frame);
        payload.CopyTo(frame.AsSpan(FrameHeader.Size));
        return frame;
    }
}
