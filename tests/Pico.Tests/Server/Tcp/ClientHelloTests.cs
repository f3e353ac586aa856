using System.Buffers;
using System.Net.Security;
using System.Text;
using Pico.Server.Tcp.Sni;

namespace Pico.Tests.Server.Tcp;

public sealed class ClientHelloTests
{
    [Fact]
    public async Task Read_RealClient_FindsTheName()
    {
        var hello = await RealHello("orders.example.com");

        Assert.Equal((ClientHelloKind.Named, "orders.example.com"), Read(hello));
    }

    [Fact]
    public async Task Read_EveryPrefix_AsksForMoreThanItHas()
    {
        var hello = await RealHello("orders.example.com");
        for (var length = 0; length < hello.Length; length++)
        {
            Assert.Equal(ClientHelloKind.Incomplete, ClientHello.Read(new(hello, 0, length), new byte[255], out _, out var needed));
            Assert.InRange(needed, length + 1, hello.Length);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public async Task Read_CutIntoSegmentsAndRecords_FindsTheName(int size)
    {
        var hello = await RealHello("orders.example.com");

        Assert.Equal((ClientHelloKind.Named, "orders.example.com"), Read(Segments(hello, size)));
        if (size >= 64)
            Assert.Equal((ClientHelloKind.Named, "orders.example.com"), Read(Segments(Records(hello, size), 7)));
    }

    [Fact]
    public async Task Read_RealClientWithoutName_SaysUnnamed() =>
        Assert.Equal((ClientHelloKind.Unnamed, ""), Read(await RealHello("")));

    [Fact]
    public void Read_GreaseBeforeTheName_FindsTheName()
    {
        var hello = Hello([0x0a, 0x0a, 0, 1, 0, .. ServerName("db.example.com"), 0x1a, 0x1a, 0, 0]);

        Assert.Equal((ClientHelloKind.Named, "db.example.com"), Read(hello));
    }

    [Fact]
    public void Read_NoExtensions_SaysUnnamed() => Assert.Equal((ClientHelloKind.Unnamed, ""), Read(Hello(null)));

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("\u0080\u002e\u0001")]
    [InlineData("\u0016\u0002\u0000")]
    [InlineData("\u0015\u0003\u0003\u0000\u0002\u0002\u0000")]
    [InlineData("\u0016\u0003\u0001\u0000\u0000")]
    [InlineData("\u0016\u0003\u0001\u0000\u0004\u0002\u0000\u0000\u0000")]
    public void Read_NotAClientHello_IsInvalid(string start) =>
        Assert.Equal((ClientHelloKind.Invalid, ""), Read(Encoding.Latin1.GetBytes(start)));

    [Fact]
    public void Read_LongerThanAllowed_IsRefusedByItsLength()
    {
        Assert.Equal((ClientHelloKind.TooLong, ""), Read([22, 3, 1, 0, 4, 1, 0, 0x40, 0]));
        Assert.Equal((ClientHelloKind.TooLong, ""), Read([.. Enumerable.Range(0, ClientHello.MaxTotal / 6 + 1).SelectMany(i => new byte[] { 22, 3, 1, 0, 1, (byte)(i == 0 ? 1 : i == 2 ? 0x3f : 0) })]));
    }

    [Fact]
    public async Task Read_Mutated_NeverThrowsNorReadsBeyond()
    {
        var hello = await RealHello("orders.example.com");
        var seed = int.TryParse(Environment.GetEnvironmentVariable("PICO_TEST_SEED"), out var given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"PICO_TEST_SEED={seed}");
        var random = new Random(seed);
        for (var i = 0; i < 100_000; i++)
        {
            var mutated = hello[..random.Next(hello.Length + 1)];
            for (var changes = random.Next(4); changes > 0 && mutated.Length > 0; changes--)
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);

            var (kind, name) = Read(mutated);

            Assert.True(kind == ClientHelloKind.Named || name.Length == 0, $"seed {seed}");
        }
    }

    internal static async Task<byte[]> RealHello(string name)
    {
        var sent = new MemoryStream();
        await using var tls = new SslStream(new OneWayStream(sent));
        await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = name }));
        var bytes = sent.ToArray();
        return bytes[..(5 + (bytes[3] << 8) + bytes[4])];
    }

    private static (ClientHelloKind Kind, string Name) Read(byte[] bytes) => Read(new ReadOnlySequence<byte>(bytes));

    private static (ClientHelloKind Kind, string Name) Read(ReadOnlySequence<byte> bytes)
    {
        Span<byte> name = stackalloc byte[255];
        var kind = ClientHello.Read(bytes, name, out var length, out _);
        return (kind, Encoding.ASCII.GetString(name[..length]));
    }

    private static byte[] ServerName(string name) =>
        [0, 0, 0, (byte)(name.Length + 5), 0, (byte)(name.Length + 3), 0, 0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name)];

    private static byte[] Hello(byte[]? extensions)
    {
        byte[] body = [3, 3, .. new byte[32], 0, 0, 2, 0x13, 1, 1, 0];
        if (extensions is not null)
            body = [.. body, (byte)(extensions.Length >> 8), (byte)extensions.Length, .. extensions];
        byte[] message = [1, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body];
        return [22, 3, 1, (byte)(message.Length >> 8), (byte)message.Length, .. message];
    }

    // The same message in records of at most size bytes.
    private static byte[] Records(byte[] record, int size) =>
        [.. record[5..].Chunk(size).SelectMany(c => (byte[])[22, 3, 1, (byte)(c.Length >> 8), (byte)c.Length, .. c])];

    private static ReadOnlySequence<byte> Segments(byte[] bytes, int size)
    {
        Segment? first = null, last = null;
        foreach (var chunk in bytes.Chunk(size))
            last = first is null ? first = new Segment(chunk, null) : new Segment(chunk, last);
        return new ReadOnlySequence<byte>(first!, 0, last!, last!.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            RunningIndex = before is null ? 0 : before.RunningIndex + before.Memory.Length;
            before?.Next = this;
        }
    }

    /// <summary>Keeps what is written; reads come to their end at once.</summary>
    private sealed class OneWayStream(Stream sent) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => sent.Write(buffer, offset, count);
    }
}
