using System.Text;
using Pico.Server.Cluster.Asking;
using Pico.Server.Cluster.Members;
using Pico.Server.Cluster.Relaying;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Cluster;

public sealed class PeerQuestionTests : IAsyncDisposable, IPeerAnswers
{
    private readonly TaskCompletionSource _mayAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LinkedNode _a = new("node-a");
    private readonly LinkedNode _b;
    private PeerAnswer _answer = new(200, "{}"u8.ToArray());
    private readonly TaskCompletionSource _allEntered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _entered;
    private string _asked = "";

    public PeerQuestionTests()
    {
        _b = new LinkedNode("node-b", answers: this);
        _a.Meet(_b);
        _b.Meet(_a);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Peer Peer => _a.Get<PeerDirectory>().FindNode("node-b")!;

    async ValueTask<PeerAnswer> IPeerAnswers.AnswerAsync(string question, CancellationToken cancellationToken)
    {
        _asked = question;
        if (Interlocked.Increment(ref _entered) == StreamRelay.MaxQuestions)
            _allEntered.SetResult();
        await _mayAnswer.Task.WaitAsync(cancellationToken);
        return _answer;
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Ask_AnotherNode_GivesItsAnswer()
    {
        _answer = new PeerAnswer(404, Encoding.UTF8.GetBytes($"\"{new string('x', 3_000_000)}\""));
        _mayAnswer.SetResult();

        var answer = await AskAsync("/status/endpoints?search=ö");

        Assert.Equal("/status/endpoints?search=ö", _asked);
        Assert.Equal((404, 3_000_002), (answer.Status, answer.Json.Length));
    }

    [Fact]
    public async Task Ask_AnswerThatIsTooLarge_IsGivenUp()
    {
        _answer = new PeerAnswer(200, new byte[PeerQuestion.MaxAnswer + 1]);
        _mayAnswer.SetResult();

        var failure = await Assert.ThrowsAsync<QuestionException>(() => AskAsync("/status"));

        Assert.Equal((502, "answer_too_large"), (failure.Status, failure.Code));
    }

    [Fact]
    public async Task Ask_NodeThatDoesNotAnswer_IsGivenUpInTime()
    {
        var failure = await Assert.ThrowsAsync<QuestionException>(() => AskAsync("/status").WaitAsync(PeerQuestion.Timeout * 3, Cancel));

        // The one who asks and the one who answers have the same patience: either may be the first to lose it.
        Assert.True(failure.Code is "node_timeout" or "node_unreachable", failure.Message);
    }

    [Fact]
    public async Task Ask_MoreThanIsAnsweredAtOnce_IsRefusedAtOnce()
    {
        var waiting = Enumerable.Range(0, StreamRelay.MaxQuestions).Select(_ => AskAsync("/status")).ToList();
        await _allEntered.Task.WaitAsync(PeerQuestion.Timeout, Cancel);

        var refusal = await Assert.ThrowsAsync<QuestionException>(() => AskAsync("/status"));

        Assert.Equal("node_unreachable", refusal.Code);
        _mayAnswer.SetResult();
        Assert.All(await Task.WhenAll(waiting), a => Assert.Equal(200, a.Status));
    }

    [Fact]
    public async Task Question_ThatIsTooLong_IsReset()
    {
        await using var stream = await Peer.Link.OpenAsync(new StreamOpen { EndpointId = PeerQuestion.EndpointId, Protocol = EndpointProtocol.Http }, Cancel);

        var broken = await Assert.ThrowsAsync<StreamException>(async () =>
        {
            await stream.WriteAsync(new byte[PeerQuestion.MaxQuestion + 1], Cancel);
            await stream.Input.ReadAsync(Cancel);
        });

        Assert.Equal(StreamError.ProtocolError, broken.Error);
        Assert.Empty(_asked);
    }

    private Task<PeerAnswer> AskAsync(string question) => PeerQuestion.AskAsync(Peer, question, TimeProvider.System, Cancel);
}
