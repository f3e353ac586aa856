using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Pico.Server.Cluster.Members;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Cluster.Asking;

/// <summary>
/// A question from node to node, on a stream of the peer link that is for nothing else:
/// <code>
///   OPEN ".admin" ─▶ the question: path and query, UTF-8, half-closed ─▶
///                 ◀─ status, two bytes, big-endian; then JSON up to the half-close
/// </code>
/// Both are bounded in size and time. Who may ask is decided by the link: only members have one. A question is never passed on.
/// </summary>
internal static class PeerQuestion
{
    /// <summary>The endpoint that such a stream names; no service's name begins with a dot.</summary>
    public const string EndpointId = ".admin";

    /// <summary>What a question may have, in bytes.</summary>
    public const int MaxQuestion = 4096;

    /// <summary>What an answer may have, in bytes.</summary>
    public const int MaxAnswer = 8 * 1024 * 1024;

    /// <summary>How long all of it may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>Asks. Throws <see cref="QuestionException"/>.</summary>
    public static async Task<PeerAnswer> AskAsync(Peer peer, string question, TimeProvider time, CancellationToken cancellationToken)
    {
        var nodeId = peer.Life.NodeId;
        using var deadline = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await using var stream = await peer.Link.OpenAsync(new StreamOpen { EndpointId = EndpointId, Protocol = EndpointProtocol.Http }, either.Token);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(question), either.Token);
            stream.CompleteOutput();
            var answer = await ReadAsync(stream, MaxAnswer, either.Token);
            if (answer.Length < sizeof(ushort))
                throw new QuestionException(502, "node_unreachable", $"The node '{nodeId}' broke off its answer.");
            return new PeerAnswer(BinaryPrimitives.ReadUInt16BigEndian(answer), answer.AsMemory(sizeof(ushort)));
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new QuestionException(504, "node_timeout", $"The node '{nodeId}' did not answer within {Timeout.TotalSeconds:0} s.", exception);
        }
        catch (StreamException exception)
        {
            var why = exception.Error == StreamError.UnknownEndpoint ? "its version cannot be asked by other nodes" : exception.Message;
            throw new QuestionException(502, "node_unreachable", $"The node '{nodeId}' cannot be asked: {why}.", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new QuestionException(502, "answer_too_large", $"The node '{nodeId}' has more to say than fits: ask for less with limit.", exception);
        }
    }

    /// <summary>Answers one question. Throws nothing: what is wrong with the stream ends it.</summary>
    public static async Task AnswerAsync(TunnelStream asked, IPeerAnswers answers, TimeProvider time)
    {
        using var deadline = new CancellationTokenSource(Timeout, time);
        try
        {
            asked.Accept();
            var question = Encoding.UTF8.GetString(await ReadAsync(asked, MaxQuestion, deadline.Token));
            var answer = await answers.AnswerAsync(question, deadline.Token);
            var status = new byte[sizeof(ushort)];
            BinaryPrimitives.WriteUInt16BigEndian(status, (ushort)answer.Status);
            await asked.WriteAsync(status, deadline.Token);
            await asked.WriteAsync(answer.Json, deadline.Token);
            asked.CompleteOutput();
        }
        catch (Exception exception) when (exception is OperationCanceledException or StreamException or InvalidDataException)
        {
            asked.Abort(exception is InvalidDataException ? StreamError.ProtocolError : StreamError.Cancelled);
        }
    }

    private static async Task<byte[]> ReadAsync(TunnelStream stream, int most, CancellationToken cancellationToken)
    {
        var whole = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await stream.Input.ReadAsync(cancellationToken);
            if (whole.WrittenCount + read.Buffer.Length > most)
                throw new InvalidDataException("More than is allowed.");
            foreach (var part in read.Buffer)
                whole.Write(part.Span);
            stream.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return whole.WrittenSpan.ToArray();
        }
    }
}
