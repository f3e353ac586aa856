using Pico.Agent.Commands;
using Pico.Configuration.Commands;

var program = new PicoProgram(
    "pico-agent",
    "Pico's agent: opens an outbound tunnel to a Pico server and carries requests to services that nobody can dial.",
    [VersionVerb.Create("pico-agent")]);
return await program.RunAsync(args);
