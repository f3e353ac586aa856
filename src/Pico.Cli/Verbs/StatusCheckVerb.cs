using Pico.Cli.Settings;
using Pico.Cli.Status;
using Pico.Cli.Status.Checking;
using Pico.Configuration.Commands;

namespace Pico.Cli.Verbs;

/// <summary>
/// <c>pico status check</c>: the way of a request to an endpoint that others serve, step by step: (1) to the proxy port, (2) inside the server, (3) a real request to the service. Other than
/// <c>pico check</c>, which serves an endpoint of its own to see whether a server works at all.
/// </summary>
internal static class StatusCheckVerb
{
    public static Verb Create() => new Verb<StatusCheckSettings>(
        new VerbText
        {
            Name = "check",
            Summary = "Walk a request's way to an endpoint, and say which step fails and what to do.",
            Details =
                "Walks a request's way to an endpoint: the address of the proxy port, connection and TLS, the node, the route, the tunnels, and a real request (GET) to the service. Says which step fails and "
                + "what to do. TCP endpoints are followed as far as the tunnel. The exit code is 0 if the way works, 1 if a step fails, and 2 if the command line is wrong.",
            Examples =
            [
                ("Why does my-endpoint not answer? Server on this machine", "pico status check my-endpoint"),
                ("Elsewhere, with tokens", "pico status check my-endpoint --proxy https://pico.example.com --server http://localhost:8003 --token-file operator.token --client-token-file client.token"),
            ],
            Docs = StatusVerb.Docs,
        },
        StatusCheckSettings.Definitions,
        RunAsync)
        .Argument("id", StatusCheckSettings.Endpoint, s => s.Id, (s, v) => s.Id = v, "The endpoint.")
        .Suggest("id", (s, begun, stop) => KnownNames.EndpointsAsync(s.Admin, begun, stop))
        .Suggest("node", (s, _, stop) => KnownNames.NodesAsync(s.Admin, stop));

    private static async Task<int> RunAsync(StatusCheckSettings settings, VerbContext context)
    {
        var screen = Screen.Of(context.Out);
        try
        {
            using var admin = new AdminClient(settings.Admin);
            await foreach (var finding in WalkAsync(settings, admin, context.Stopping))
            {
                FindingText.Write(screen, finding);
                if (finding.Verdict == Verdict.Broken)
                    return context.Fail($"{settings.Id} cannot be reached: the step '{finding.Step}' fails");
            }
        }
        catch (AdminException e)
        {
            return context.Fail(e.Message);
        }

        return ExitCode.Clean;
    }

    private static async IAsyncEnumerable<Finding> WalkAsync(
        StatusCheckSettings settings, AdminClient admin, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var finding in new ProxyDoor(settings, TimeProvider.System).LookAsync(cancellationToken)) // 1.
            yield return finding;
        var server = new ServerView(admin, settings.Id);
        await foreach (var finding in server.LookAsync(cancellationToken)) // 2.
            yield return finding;
        yield return server.Endpoint?.Protocol == "tcp" // 3.
            ? Finding.Doubtful("service", "not asked: what it speaks over TCP is not known", $"Try it: pico forward PORT {settings.Id}, and its own client at localhost:PORT.")
            : await new RealRequest(settings, TimeProvider.System).SendAsync(cancellationToken);
    }
}
