using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pico.Server.Admin.Status;
using Pico.Server.Cluster;
using Pico.Server.Cluster.Asking;
using Pico.Server.Hosting;

namespace Pico.Server.Admin.Api;

/// <summary>
/// Answers what the Admin API is asked, whoever asks:
/// <code>
///   HTTP ─▶ path and query ─▶ node=this one, or none ─▶ here
///                          └▶ node=another ─▶ peer link ─▶ there: path and query ─▶ here, never further
/// </code>
/// Looks at many endpoints take their time: so many at once as half of the processors, and the rest wait, so that traffic has the other half.
/// </summary>
internal sealed partial class AdminApi(AdminResources resources, NodeReporter nodes, ICluster cluster, ILogger<AdminApi> logger) : IPeerAnswers, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _looks = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Answers a question: a path and a query string, which may name another node. Throws only for <paramref name="cancellationToken"/>.</summary>
    public ValueTask<AdminAnswer> AskAsync(string path, string? queryString, CancellationToken cancellationToken) =>
        AskAsync(path, queryString, isFromPeer: false, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<PeerAnswer> AnswerAsync(string question, CancellationToken cancellationToken)
    {
        var mark = question.IndexOf('?', StringComparison.Ordinal);
        var (path, queryString) = mark < 0 ? (question, null) : (question[..mark], question[mark..]);
        var answer = await AskAsync(path, queryString, isFromPeer: true, cancellationToken);
        return new PeerAnswer(answer.Status, answer.ToLine());
    }

    /// <inheritdoc/>
    public void Dispose() => _looks.Dispose();

    private static AdminAnswer NotFound(string path) => AdminAnswer.OfProblem(
        StatusCodes.Status404NotFound, "not_found", $"There is no '{(path.Length <= 100 ? path : path[..100])}': /openapi.json says what there is.");

    private static AdminAnswer Invalid(QueryException exception) => AdminAnswer.OfProblem(StatusCodes.Status400BadRequest, "invalid_query", exception.Message);

    private ValueTask<AdminAnswer> AskAsync(string path, string? queryString, bool isFromPeer, CancellationToken cancellationToken)
    {
        if (resources.Find(path, out var name) is not { } resource)
            return ValueTask.FromResult(NotFound(path));
        try
        {
            var query = AdminQuery.Parse(queryString, resource.AllParameters);
            if (query.Text(AdminParameter.Node) is not { } node || node == nodes.NodeId)
                return LookAsync(resource, name, query, cancellationToken);
            return isFromPeer
                ? throw new QueryException($"This is the node {nodes.NodeId}: what has come over a peer link goes no further.")
                : AskPeerAsync(node, path, queryString, cancellationToken);
        }
        catch (QueryException exception)
        {
            return ValueTask.FromResult(Invalid(exception));
        }
    }

    private async ValueTask<AdminAnswer> LookAsync(AdminResource resource, string name, AdminQuery query, CancellationToken cancellationToken)
    {
        if (!await _looks.WaitAsync(Patience, cancellationToken))
            return AdminAnswer.OfProblem(StatusCodes.Status503ServiceUnavailable, "overloaded", "The node has as many questions as it answers at once. Ask again later.");
        try
        {
            return resource.Answer(name, query);
        }
        catch (QueryException exception)
        {
            return Invalid(exception);
        }
        catch (Exception exception)
        {
            LogFault(exception, resource.Path);
            return AdminAnswer.OfProblem(StatusCodes.Status500InternalServerError, "internal_error", "A fault of the node's own; its log says more.");
        }
        finally
        {
            _looks.Release();
        }
    }

    private async ValueTask<AdminAnswer> AskPeerAsync(string node, string path, string? queryString, CancellationToken cancellationToken)
    {
        var question = $"{path}{queryString}";
        if (question.Length > PeerQuestion.MaxQuestion / 4) // characters that take four bytes
            return Invalid(new QueryException("The query is too long for another node."));
        try
        {
            var answer = await cluster.AskAsync(node, question, cancellationToken);
            if (answer.Status == StatusCodes.Status200OK)
                return AdminAnswer.OfJson(answer.Json);
            var problem = JsonSerializer.Deserialize(answer.Json.Span, ProblemJsonContext.Default.ProblemBody);
            return AdminAnswer.OfProblem(answer.Status, problem?.Code ?? "node_unreachable", problem?.Detail ?? "");
        }
        catch (QuestionException exception)
        {
            return AdminAnswer.OfProblem(exception.Status, exception.Code, exception.Message);
        }
        catch (JsonException)
        {
            return AdminAnswer.OfProblem(StatusCodes.Status502BadGateway, "node_unreachable", $"The answer of the node '{node}' is not understood.");
        }
    }

    [LoggerMessage(2801, LogLevel.Error, "{Path} could not be answered by a fault of this node's own.")]
    private partial void LogFault(Exception exception, string path);
}
