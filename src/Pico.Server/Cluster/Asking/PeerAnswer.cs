namespace Pico.Server.Cluster.Asking;

/// <summary>What a node answers to a question of another: an HTTP status, and JSON on one line (a problem, RFC 9457, if it is no success).</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Json">UTF-8.</param>
internal readonly record struct PeerAnswer(int Status, ReadOnlyMemory<byte> Json);

/// <summary>Answers the questions of other nodes.</summary>
internal interface IPeerAnswers
{
    /// <summary>Answers <paramref name="question"/>, a path and query of the Admin API; never throws but for <paramref name="cancellationToken"/>.</summary>
    ValueTask<PeerAnswer> AnswerAsync(string question, CancellationToken cancellationToken);
}
