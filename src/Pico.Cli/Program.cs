using Pico.Agent.Commands;
using Pico.Configuration.Commands;

var program = new PicoProgram("pico", "A reverse proxy for services that nobody can dial.", [VersionVerb.Create("pico")]);
return await program.RunAsync(args);
