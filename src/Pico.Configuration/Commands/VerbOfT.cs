using System.CommandLine;
using Pico.Configuration.Completion;
using Pico.Configuration.Definitions;
using Pico.Configuration.Loading;
using Pico.Configuration.Types;

namespace Pico.Configuration.Commands;

/// <summary>A verb with options of type <typeparamref name="T"/>.</summary>
public sealed class Verb<T> : Verb
    where T : class, new()
{
    // Not part of the options of T: it asks what they are.
    private static readonly OptionDefinition PrintConfig = new(
        "print-config", OptionTypes.Switch.Name, OptionTypes.Switch.Allowed, "", "Print the options in effect, as YAML with the source of each, and exit.",
        isSecret: false, isList: false, isSwitch: true);

    private readonly OptionSet<T> _options;
    private readonly Func<T, VerbContext, Task<int>> _run;
    private readonly CommandLineSource _commandLine;
    private readonly List<(BoundOption<T> Argument, bool Required)> _arguments = [];
    private readonly List<Verb> _below = [];
    private readonly Dictionary<string, Func<T, string, CancellationToken, Task<IEnumerable<string>>>> _suggestions = [];

    /// <summary>Defines the verb.</summary>
    /// <param name="text">What help says.</param>
    /// <param name="options">The options.</param>
    /// <param name="run">Does the work and gives the exit code; see <see cref="ExitCode"/>.</param>
    /// <param name="hidden">True if help leaves the verb out.</param>
    public Verb(VerbText text, OptionSet<T> options, Func<T, VerbContext, Task<int>> run, bool hidden = false)
        : base(text, hidden)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _run = run;
        _commandLine = new CommandLineSource(Command, AllOptions);
    }

    /// <inheritdoc/>
    public override IEnumerable<OptionDefinition> Options => _options.Definitions;

    /// <inheritdoc/>
    internal override IEnumerable<OptionDefinition> AllOptions =>
        _options.Definitions.Any() ? _options.Definitions.Append(ConfigurationLoader.ConfigFile).Append(PrintConfig) : [];

    /// <inheritdoc/>
    internal override IEnumerable<OptionDefinition> Arguments => _arguments.Select(a => a.Argument.Definition);

    /// <inheritdoc/>
    internal override IEnumerable<Verb> Runnable => [this, .. _below];

    /// <summary>Puts a verb under this one's word: <c>pico status check</c> beside <c>pico status</c>. An argument of the same word means that verb.</summary>
    public Verb<T> With(Verb verb)
    {
        ArgumentNullException.ThrowIfNull(verb);
        verb.JoinGroup(Text.Name);
        Command.Subcommands.Add(verb.Command);
        _below.Add(verb);
        return this;
    }

    /// <summary>Adds a positional argument; those that are not required come last.</summary>
    public Verb<T> Argument<TValue>(
        string name, OptionType<TValue> type, Func<T, TValue> get, Action<T, TValue> set, string description, bool required = true)
    {
        ArgumentNullException.ThrowIfNull(type);
        var definition = new OptionDefinition(name, type.Name, type.Allowed, "", description, isSecret: false, isList: false, isSwitch: false) { Choices = type.Choices };
        _commandLine.AddArgument(definition);
        _arguments.Add((new BoundOption<T, TValue>(definition, type, get, set), required));
        return this;
    }

    /// <summary>
    /// Says who knows what the value of the option or argument <paramref name="name"/> could be: asked by a shell, with what the line says so far and what the value begins with. It has
    /// a second, and may fail.
    /// </summary>
    public Verb<T> Suggest(string name, Func<T, string, CancellationToken, Task<IEnumerable<string>>> values)
    {
        _suggestions.Add(name, values);
        return this;
    }

    /// <inheritdoc/>
    internal override Task<IEnumerable<string>> SuggestAsync(string name, CommandLineSoFar line, VerbEnvironment environment, CancellationToken cancellationToken)
    {
        if (!_suggestions.TryGetValue(name, out var ask))
            return base.SuggestAsync(name, line, environment, cancellationToken);
        var target = ConfigurationLoader.Load(_options, line.Given, environment.Variables, environment.Others).Value;
        ReadArguments(line.Positional, target, printOnly: true, []);
        return ask(target, line.Current, cancellationToken);
    }

    internal override async Task<int> RunAsync(ParseResult parse, VerbEnvironment environment)
    {
        var problems = new List<ConfigurationProblem>();
        var flags = new Dictionary<string, RawValue>();
        var positional = _commandLine.Read(parse, flags, problems);
        var loaded = ConfigurationLoader.Load(_options, flags, environment.Variables, environment.Others);
        problems.AddRange(loaded.Problems);
        var printOnly = flags.ContainsKey(PrintConfig.Name);
        if (positional is not null)
            ReadArguments(positional, loaded.Value, printOnly, problems);
        var verb = $"{environment.Program} {Path}";
        if (problems.Count > 0)
        {
            UsageReport.Write(environment.Error, verb, problems);
            return ExitCode.Usage;
        }

        if (printOnly)
        {
            UsageReport.WriteEffective(environment.Out, loaded.Effective);
            return ExitCode.Clean;
        }

        using var signals = new ShutdownSignals();
        try
        {
            return await _run(loaded.Value, new VerbContext(verb, environment.Out, environment.Error, loaded.Effective, signals.Stopping));
        }
        catch (OperationCanceledException) when (signals.Stopping.IsCancellationRequested)
        {
            return ExitCode.Clean;
        }
    }

    private void ReadArguments(IReadOnlyList<string> given, T target, bool printOnly, List<ConfigurationProblem> problems)
    {
        for (var i = 0; i < _arguments.Count; i++)
        {
            var (argument, required) = _arguments[i];
            var definition = argument.Definition;
            if (i < given.Count)
            {
                problems.AddRange(argument.Apply(target, [given[i]]).Select(m => new ConfigurationProblem($"<{definition.Name}>", "", m)));
            }
            else if (required && !printOnly)
            {
                problems.Add(new($"<{definition.Name}>", "", "is missing; allowed: " + definition.Allowed));
            }
        }
    }
}
