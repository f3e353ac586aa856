using Grpc.Core;

namespace Pico.IntegrationTests.Peers;

/// <summary>The service of interop.proto. It tells when a call that never ends by itself was cancelled by its caller.</summary>
internal sealed class InteropService : Interop.InteropBase
{
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a call of <see cref="Repeat"/> was cancelled.</summary>
    public Task Cancelled => _cancelled.Task;

    public override Task<Text> Echo(Text request, ServerCallContext context)
    {
        if (request.Value == "fail")
            throw new RpcException(new(StatusCode.FailedPrecondition, "not today: 50 % – \u00e4"), new Metadata { { "x-why", "asked for" }, { "x-why-bin", [0, 255] } });
        return Task.FromResult(request);
    }

    public override async Task<Text> Join(IAsyncStreamReader<Text> requestStream, ServerCallContext context)
    {
        var parts = new List<string>();
        await foreach (var text in requestStream.ReadAllAsync(context.CancellationToken))
            parts.Add(text.Value);
        return new() { Value = string.Join(' ', parts) };
    }

    public override async Task Repeat(Text request, IServerStreamWriter<Text> responseStream, ServerCallContext context)
    {
        try
        {
            while (true)
            {
                await responseStream.WriteAsync(request, context.CancellationToken);
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, context.CancellationToken);
            }
        }
        finally
        {
            _cancelled.TrySetResult();
        }
    }

    public override async Task Chat(IAsyncStreamReader<Text> requestStream, IServerStreamWriter<Text> responseStream, ServerCallContext context)
    {
        await foreach (var text in requestStream.ReadAllAsync(context.CancellationToken))
            await responseStream.WriteAsync(text, context.CancellationToken);
    }
}
