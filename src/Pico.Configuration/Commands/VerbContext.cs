using Pico.Configuration.Loading;

namespace Pico.Configuration.Commands;

/// <summary>What a running verb is given beside its options.</summary>
/// <param name="Out">What the verb was asked for goes here.</param>
/// <param name="Error">What people should know goes here.</param>
/// <param name="Effective">Every option with its value and source, secrets not shown.</param>
/// <param name="Stopping">Cancelled by the first SIGINT or SIGTERM: finish what runs, then return.</param>
public sealed record VerbContext(TextWriter Out, TextWriter Error, IReadOnlyList<EffectiveOption> Effective, CancellationToken Stopping);
