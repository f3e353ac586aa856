namespace Pico.Benchmarks.Targets;

/// <summary>What a target needs to start: the service's port, folders, and Pico's executables if the target is made of them.</summary>
internal sealed record TargetContext(Workspace Workspace, int ServicePort, PicoExecutables? Pico, TimeProvider Time);

/// <summary>Paths of Pico's published executables.</summary>
internal sealed record PicoExecutables(string Server, string Agent);
