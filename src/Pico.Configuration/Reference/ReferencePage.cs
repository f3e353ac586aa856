using System.Text;
using Pico.Configuration.Commands;
using Pico.Configuration.Definitions;

namespace Pico.Configuration.Reference;

/// <summary>Writes the page that documents every option, from the definitions.</summary>
public static class ReferencePage
{
    private const string Head = """
        # Configuration

        <!-- Generated from the definitions of the options by `make docs`; do not edit. -->

        Every option has one name and can be set in three places. What comes first in this list overrules what comes later:

        1. a flag: `--log.level debug`
        2. an environment variable: `PICO_LOG_LEVEL=debug`
        3. the YAML file that `--config` (or `PICO_CONFIG`) names, where a dot in the name is a level:

           ```yaml
           log:
             level: debug
           ```

        and then there is the default. Lists are separated by commas; flags can be repeated, and in the file a list can be a YAML
        sequence. An unknown flag, `PICO_…` variable or key, or a value that is not allowed, is refused before anything starts, all of them
        at once, and the exit code is 2. A variable that belongs to another verb is left alone, and so are the variables that Kubernetes sets for
        Services whose name begins with "pico", and `PICO_TEST_…`.

        `--print-config` prints the options in effect with the source of each, secrets not shown, and exits.

        Durations are written as `250ms`, `30s`, `5m`, `1h30m` or `1d`, sizes as `512` (bytes), `64KiB`, `16MiB` or `1GiB`, addresses to listen on as
        `[host]:port` (all addresses if there is no host; port 0 takes a free one).

        The exit code is 0 after a clean end (also by SIGINT or SIGTERM, which drain; a second signal ends at once with 1), 1 after a failure
        and 2 when the configuration is not valid.

        """;

    /// <summary>The page, in Markdown, for <paramref name="verbs"/> of <paramref name="program"/>.</summary>
    public static string Write(string program, IEnumerable<Verb> verbs)
    {
        ArgumentNullException.ThrowIfNull(verbs);
        var page = new StringBuilder(Head.ReplaceLineEndings("\n"));
        foreach (var verb in verbs.SelectMany(v => v.Runnable).Where(v => !v.IsHidden))
        {
            page.Append('\n').Append($"## {program} {verb.Path}\n\n{verb.Text.Details}\n");
            foreach (var option in verb.Options)
                WriteOption(page, option);
        }

        return page.ToString();
    }

    private static void WriteOption(StringBuilder page, OptionDefinition option)
    {
        page.Append($"\n### {option.Flag}\n\n{option.Description}\n\n");
        page.Append($"* environment: `{option.Variable}`\n");
        page.Append($"* allowed: {option.Allowed}\n");
        page.Append(option.DefaultText.Length == 0 ? "* default: none\n" : $"* default: `{option.DefaultText}`\n");
        if (option.IsSecret)
            page.Append("* secret: never shown\n");
    }
}
