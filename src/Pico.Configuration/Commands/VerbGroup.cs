using System.CommandLine;
using Pico.Configuration.Definitions;

namespace Pico.Configuration.Commands;

/// <summary>Verbs under one word: <c>pico token mint</c>, <c>pico token inspect</c>, … The word alone does nothing.</summary>
public sealed class VerbGroup : Verb
{
    private readonly IReadOnlyList<Verb> _verbs;

    /// <summary>Defines the group; help lists <paramref name="verbs"/> in this order.</summary>
    public VerbGroup(VerbText text, IReadOnlyList<Verb> verbs)
        : base(text, hidden: false)
    {
        ArgumentNullException.ThrowIfNull(verbs);
        _verbs = verbs;
        foreach (var verb in verbs)
        {
            verb.JoinGroup(text.Name);
            Command.Subcommands.Add(verb.Command);
        }
    }

    /// <summary>None: the verbs of the group have their own.</summary>
    public override IEnumerable<OptionDefinition> Options => [];

    /// <inheritdoc/>
    internal override IEnumerable<Verb> Runnable => _verbs;

    internal override Task<int> RunAsync(ParseResult parse, VerbEnvironment environment)
    {
        UsageReport.WriteNoVerb(environment.Error, $"{environment.Program} {Path}", _verbs, parse.UnmatchedTokens);
        return Task.FromResult(ExitCode.Usage);
    }
}
