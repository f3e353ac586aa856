using Pico.Configuration.Definitions;
using Pico.Configuration.Types;

namespace Pico.Configuration.Loading;

/// <summary>
/// Joins the sources in the order of their precedence: 1. flags, 2. environment, 3. file, 4. defaults. Every value of every source is
/// checked, also one that another overrules, and everything that is wrong is told at once.
/// </summary>
internal static class ConfigurationLoader
{
    /// <summary>The option that names the file. It cannot stand in the file itself.</summary>
    public static OptionDefinition ConfigFile { get; } = new(
        "config", OptionTypes.ExistingFile.Name, OptionTypes.ExistingFile.Allowed, "",
        "A YAML file with options; flags and environment variables overrule it.", isSecret: false, isList: false, isSwitch: false);

    /// <summary>
    /// Reads the sources. <paramref name="others"/> are the options of the program's other verbs, whose variables may be set too.
    /// </summary>
    public static LoadedOptions<T> Load<T>(
        OptionSet<T> options, IReadOnlyDictionary<string, RawValue> flags, IReadOnlyDictionary<string, string> environment,
        IEnumerable<OptionDefinition> others)
        where T : class, new()
    {
        var target = new T();
        var problems = new List<ConfigurationProblem>();
        var variables = new Dictionary<string, RawValue>();
        EnvironmentSource.Read(environment, options.Definitions.Append(ConfigFile), others, variables, problems);
        var file = new Dictionary<string, RawValue>();
        if (FindFile(flags, variables, problems) is { } path)
            YamlSource.Read(path, options.Definitions, file, problems);

        var effective = new List<EffectiveOption>();
        foreach (var option in options.Options)
        {
            var name = option.Definition.Name;
            var source = "";
            foreach (var values in (IReadOnlyDictionary<string, RawValue>[])[file, variables, flags])
            {
                if (!values.TryGetValue(name, out var raw))
                    continue;
                problems.AddRange(Apply(option, target, raw));
                source = raw.Source;
            }

            effective.Add(new(name, option.Definition.Show(option.Read(target)), source));
        }

        AskRules(options, target, effective, problems);
        return new(target, effective, problems);
    }

    private static IEnumerable<ConfigurationProblem> Apply<T>(BoundOption<T> option, T target, RawValue raw)
    {
        var definition = option.Definition;
        var messages = raw.Items.Count > 1 && !definition.IsList
            ? [$"given {raw.Items.Count} times; only one value is allowed"]
            : option.Apply(target, raw.Items);
        return messages.Select(m => new ConfigurationProblem(definition.Name, raw.Source, m));
    }

    private static void AskRules<T>(OptionSet<T> options, T target, List<EffectiveOption> effective, List<ConfigurationProblem> problems)
        where T : class, new()
    {
        // A value that could not be read was told already: what a rule sees there is not what was meant.
        var told = problems.Select(p => p.Key).ToHashSet();
        foreach (var (name, message) in options.AskRules(target))
        {
            if (!told.Contains(name))
                problems.Add(new(name, effective.FirstOrDefault(e => e.Name == name)?.Source ?? "", message));
        }
    }

    private static string? FindFile(
        IReadOnlyDictionary<string, RawValue> flags, Dictionary<string, RawValue> variables, List<ConfigurationProblem> problems)
    {
        if (!flags.TryGetValue(ConfigFile.Name, out var raw) && !variables.TryGetValue(ConfigFile.Name, out raw))
            return null;
        if (raw.Items.Count == 1 && File.Exists(raw.Items[0]))
            return raw.Items[0];
        problems.Add(new(ConfigFile.Name, raw.Source, $"'{string.Join(' ', raw.Items)}' is not allowed; allowed: {ConfigFile.Allowed}"));
        return null;
    }
}
