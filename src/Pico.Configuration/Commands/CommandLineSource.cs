using System.CommandLine;
using System.CommandLine.Parsing;
using Pico.Configuration.Definitions;
using Pico.Configuration.Loading;

namespace Pico.Configuration.Commands;

/// <summary>Options from flags. Values stay text here: all sources are read in one way.</summary>
internal sealed class CommandLineSource
{
    private readonly List<(OptionDefinition Definition, Option Flag)> _flags = [];
    private readonly List<Argument<string>> _arguments = [];
    private readonly Command _command;

    public CommandLineSource(Command command, IEnumerable<OptionDefinition> options)
    {
        _command = command;
        foreach (var option in options)
            AddFlag(option);
    }

    /// <summary>Adds a positional argument after those that were added before.</summary>
    public void AddArgument(OptionDefinition definition)
    {
        var argument = new Argument<string>(definition.Name) { Description = definition.Description, Arity = ArgumentArity.ZeroOrOne };
        _arguments.Add(argument);
        _command.Arguments.Add(argument);
    }

    /// <summary>
    /// Reads the flags; gives the positional arguments, or null when an unknown flag leaves open which of them are its values.
    /// </summary>
    public IReadOnlyList<string>? Read(ParseResult parse, Dictionary<string, RawValue> values, List<ConfigurationProblem> problems)
    {
        foreach (var (definition, flag) in _flags)
        {
            if (parse.GetResult(flag) is not { Implicit: false } result)
                continue;
            var items = result.Tokens.Select(t => t.Value).ToArray();
            if (items.Length > 0 || definition.IsSwitch)
                values[definition.Name] = new RawValue(items.Length > 0 ? items : ["true"], definition.Flag);
            else
                problems.Add(new(definition.Name, definition.Flag, "has no value; allowed: " + definition.Allowed));
        }

        var rest = _arguments.SelectMany(a => parse.GetResult(a)?.Tokens ?? []).Select(t => t.Value).Concat(parse.UnmatchedTokens).ToArray();
        var unknown = rest.Where(IsFlag).ToArray();
        foreach (var token in unknown)
        {
            var flag = token.Split('=', ':')[0];
            problems.Add(ConfigurationProblem.UnknownKey(flag, "", Spelling.Nearest(flag, _flags.Select(f => f.Definition.Flag))));
        }

        var surplus = rest.Where(t => !IsFlag(t)).Skip(_arguments.Count);
        foreach (var token in surplus)
        {
            if (Unexpected(parse, token, isCertain: unknown.Length == 0) is { } problem)
                problems.Add(problem);
        }

        return unknown.Length > 0 ? null : rest;
    }

    private void AddFlag(OptionDefinition option)
    {
        var description = option.Description + (option.DefaultText.Length > 0 && !option.IsSwitch ? $" [default: {option.DefaultText}]" : "");
        // A switch takes the next word only if that is true or false, so that it can stand before an argument.
        Option flag = option.IsSwitch
            ? new Option<bool>(option.Flag) { Description = description, Arity = ArgumentArity.ZeroOrOne, HelpName = option.TypeName }
            : new Option<string[]>(option.Flag) { Description = description, Arity = ArgumentArity.ZeroOrMore, HelpName = option.TypeName };
        _flags.Add((option, flag));
        _command.Options.Add(flag);
    }

    // "--proxy.proxy-protocol=maybe" leaves "maybe" over; what an unknown flag leaves over may be its value.
    private ConfigurationProblem? Unexpected(ParseResult parse, string token, bool isCertain)
    {
        var before = parse.Tokens.TakeWhile(t => t.Type != TokenType.Argument || t.Value != token).LastOrDefault();
        return _flags.FirstOrDefault(f => f.Definition.IsSwitch && f.Definition.Flag == before?.Value).Definition is { } option
            ? new(option.Name, option.Flag, $"'{token}' is not allowed; allowed: {option.Allowed}")
            : isCertain ? new(token, "command line", "unexpected argument") : null;
    }

    private static bool IsFlag(string token) => token.Length > 1 && token[0] == '-' && !char.IsAsciiDigit(token[1]);
}
