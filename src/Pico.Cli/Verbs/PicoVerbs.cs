using Pico.Agent.Commands;
using Pico.Configuration.Commands;

namespace Pico.Cli.Verbs;

/// <summary>What <c>pico</c> can do.</summary>
internal static class PicoVerbs
{
    private const string Name = "pico";

    public static PicoProgram CreateProgram() => new(
        Name,
        "A reverse proxy for services that nobody can dial: each opens an outbound tunnel to a Pico server, and clients reach it there by name.",
        CreateAll());

    private static List<Verb> CreateAll()
    {
        List<Verb> verbs = [];
        verbs.AddRange(
            ServerVerb.Create(), AgentVerb.Create(Name), DrainVerb.Create(Name), ControllerVerb.Create(), CleanupVerb.Create(),
            ForwardVerb.Create(Name), StatusVerb.Create(), LogLevelVerb.Create(), AccessLogVerb.Create(), CheckVerb.Create(), BenchVerb.Create(), TokenVerb.Create(), DemoVerb.Create(),
            CompletionVerb.Create(Name), VersionVerb.Create(Name), ReferenceVerb.Create(() => verbs), MetricsReferenceVerb.Create());
        return verbs;
    }
}
