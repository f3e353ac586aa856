using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Proxy.Connections;

namespace Pico.Tests.Server.Proxy.Connections;

public sealed class FirstBytesTests
{
    [Fact]
    public void Preface_WholeIsHttp2_EveryBeginningOfItIsUndecided()
    {
        var preface = FirstBytes.Http2Preface.ToArray();

        for (var i = 0; i < preface.Length; i++)
            Assert.Equal(FirstBytesKind.Undecided, FirstBytes.Decide(new ReadOnlySequence<byte>(preface, 0, i)));
        for (var i = 0; i <= preface.Length; i++)
            Assert.Equal(FirstBytesKind.Http2, FirstBytes.Decide(Sequences.Split([.. preface, 0, 0], i)));
    }

    [Theory]
    [InlineData("G")]
    [InlineData("PR ")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nGET ")]
    [InlineData("\r\n")]
    [InlineData("\u0017")]
    public void AnythingElse_IsHttp1(string start) =>
        Assert.Equal(FirstBytesKind.Http1, FirstBytes.Decide(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(start))));

    [Fact]
    public void Handshake_IsTls() => Assert.Equal(FirstBytesKind.Tls, FirstBytes.Decide(new ReadOnlySequence<byte>([0x16])));

    [Fact]
    public async Task Peek_BytesThatCameOneByOne_AreAllGivenToTheNextReader()
    {
        var pipe = new Pipe();
        var preface = FirstBytes.Http2Preface.ToArray();
        var looks = 0;
        var peeking = ConnectionPeeker.PeekAsync(
            pipe.Reader,
            start =>
            {
                looks++;
                return FirstBytes.Decide(start) == FirstBytesKind.Undecided ? -1 : 0;
            },
            TimeSpan.FromSeconds(30),
            TimeProvider.System).AsTask();
        foreach (var b in preface)
            await pipe.Writer.WriteAsync(new[] { b }, TestContext.Current.CancellationToken);

        Assert.Equal(PeekEnd.Decided, await peeking);
        Assert.True(pipe.Reader.TryRead(out var result));
        Assert.Equal(preface, result.Buffer.ToArray());
        Assert.InRange(looks, 1, preface.Length);
    }

    [Fact]
    public async Task Peek_NotEnoughInTime_TimesOut()
    {
        var time = new FakeTimeProvider();
        var pipe = new Pipe();
        var peeking = ConnectionPeeker.PeekAsync(pipe.Reader, _ => -1, TimeSpan.FromSeconds(30), time).AsTask();
        await pipe.Writer.WriteAsync("PRI"u8.ToArray(), TestContext.Current.CancellationToken);

        time.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(PeekEnd.TimedOut, await peeking);
    }

    [Fact]
    public async Task Peek_ClosedBeforeEnough_SaysSo()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("PRI"u8.ToArray(), TestContext.Current.CancellationToken);
        await pipe.Writer.CompleteAsync();

        Assert.Equal(PeekEnd.Closed, await ConnectionPeeker.PeekAsync(pipe.Reader, _ => -1, TimeSpan.Zero, TimeProvider.System));
    }
}
