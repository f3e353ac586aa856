using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Admin.Streaming;

namespace Pico.Tests.Server.Admin;

public sealed class EventStreamTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 100, resumeWriterThreshold: 50));

    [Fact]
    public async Task Send_ReaderThatTakesNothing_IsDroppedWhenItsTimeIsOver()
    {
        var stream = Create();

        var sending = stream.SendAsync("status", null, new byte[1000], TestContext.Current.CancellationToken);
        _time.Advance(EventStream.Patience - TimeSpan.FromMilliseconds(1));
        Assert.False(sending.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Send_AMessage_IsWrittenAsTheStandardSays()
    {
        var stream = Create();

        await stream.SendAsync("event", "1-2", "{\"a\":1}"u8.ToArray(), TestContext.Current.CancellationToken);

        var read = await _pipe.Reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal("id: 1-2\nevent: event\ndata: {\"a\":1}\n\n", System.Text.Encoding.UTF8.GetString(System.Buffers.BuffersExtensions.ToArray(read.Buffer)));
    }

    private EventStream Create()
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(_pipe.Writer.AsStream()));
        return new EventStream(context, _time);
    }
}
