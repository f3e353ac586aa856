using System.CommandLine;
using Pico.Benchmarks.Targets;

namespace Pico.Benchmarks.Verbs;

/// <summary>Options that more than one verb has.</summary>
internal static class CommonOptions
{
    public static Option<string?> PicoServer { get; } = new("--pico-server")
    {
        Description = "Path of a published `pico` to measure instead of publishing one.",
    };

    public static Option<string?> PicoAgent { get; } = new("--pico-agent")
    {
        Description = "Path of a published `pico-agent` to measure instead of publishing one.",
    };

    /// <summary>A list of names out of a table, separated by commas; everything if it is not given.</summary>
    public static Option<string[]> Names(string option, string description, IEnumerable<string> allowed)
    {
        var names = new Option<string[]>(option)
        {
            Description = $"{description}, separated by commas: {string.Join(", ", allowed)}. Default: all.",
            CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries))],
            AllowMultipleArgumentsPerToken = true,
        };
        names.Validators.Add(result =>
        {
            foreach (var name in result.Tokens.SelectMany(token => token.Value.Split(',')).Except(allowed))
                result.AddError($"{option}: `{name}` is none of {string.Join(", ", allowed)}.");
        });
        return names;
    }

    /// <summary>Gives the targets' context, with Pico published if one of them needs it.</summary>
    public static async Task<TargetContext> PrepareAsync(
        ParseResult parsed, Workspace workspace, int servicePort, IEnumerable<Target> targets, TimeProvider time, CancellationToken cancellation)
    {
        var pico = targets.Any(target => target.NeedsPico)
            ? await Publisher.PublishAsync(workspace, parsed.GetValue(PicoServer), parsed.GetValue(PicoAgent), Console.WriteLine, cancellation)
            : null;
        return new TargetContext(workspace, servicePort, pico, time);
    }
}
