using Pico.Agent.Commands;
using Pico.Configuration.Commands;

const string Name = "pico-agent";
var program = new PicoProgram(
    Name,
    "Pico's agent: opens an outbound tunnel to a Pico server and carries requests to services that nobody can dial.",
    [AgentVerb.Create(Name), DrainVerb.Create(Name), ForwardVerb.Create(Name), CompletionVerb.Create(Name), VersionVerb.Create(Name)]);
return await program.RunAsync(args);
