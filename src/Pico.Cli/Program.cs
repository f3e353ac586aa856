using Pico.Cli.Verbs;

return await PicoVerbs.CreateProgram().RunAsync(args);
