namespace Pico.Configuration.Loading;

/// <summary>The outcome of reading all sources.</summary>
/// <param name="Value">The options; meaningful if there are no problems.</param>
/// <param name="Effective">Every option with its value and source.</param>
/// <param name="Problems">Everything that is wrong, at once.</param>
internal sealed record LoadedOptions<T>(T Value, IReadOnlyList<EffectiveOption> Effective, IReadOnlyList<ConfigurationProblem> Problems);
