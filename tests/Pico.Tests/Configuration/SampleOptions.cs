using Pico.Configuration.Definitions;
using Pico.Configuration.Loading;
using Pico.Configuration.Types;

namespace Pico.Tests.Configuration;

/// <summary>Options of every type, loaded from sources that a test gives.</summary>
internal sealed class SampleOptions
{
    public static OptionSet<SampleOptions> Definitions { get; } = new OptionSet<SampleOptions>()
        .Add("group.bind-addr", OptionTypes.Address, o => o.Address, (o, v) => o.Address = v, "Where to listen.")
        .Add("group.timeout", OptionTypes.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), zero: "for ever"), o => o.Timeout, (o, v) => o.Timeout = v, "How long.")
        .Add("group.size", OptionTypes.Size(1, 1024 * 1024), o => o.Size, (o, v) => o.Size = v, "How much.")
        .Add("group.inner.count", OptionTypes.Number(1, 10), o => o.Count, (o, v) => o.Count = v, "How many.")
        .Add("enabled", OptionTypes.Switch, o => o.Enabled, (o, v) => o.Enabled = v, "Whether.")
        .Add("color", OptionTypes.Choice<ConsoleColor>(("red", ConsoleColor.Red), ("blue", ConsoleColor.Blue)), o => o.Color, (o, v) => o.Color = v, "Which.")
        .Add("networks", OptionTypes.List(OptionTypes.Network), o => o.Networks, (o, v) => o.Networks = v, "From where.")
        .Add("password", OptionTypes.Matching("password", "8 characters or more", t => t.Length >= 8), o => o.Password, (o, v) => o.Password = v, "A secret.", secret: true)
        .Rule("enabled", o => o.Enabled && o.Password.Length == 0 ? "needs a password" : null);

    public string Address { get; set; } = ":8000";

    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    public long Size { get; set; } = 65536;

    public int Count { get; set; } = 3;

    public bool Enabled { get; set; }

    public ConsoleColor Color { get; set; } = ConsoleColor.Red;

    public IReadOnlyList<string> Networks { get; set; } = [];

    public string Password { get; set; } = "";

    public static LoadedOptions<SampleOptions> Load(
        Dictionary<string, string>? flags = null, Dictionary<string, string>? environment = null, string? yaml = null)
    {
        var raw = (flags ?? []).ToDictionary(f => f.Key, f => new RawValue([f.Value], "--" + f.Key));
        if (yaml is null)
            return ConfigurationLoader.Load(Definitions, raw, environment ?? [], []);

        var folder = Directory.CreateTempSubdirectory("pico-tests-");
        try
        {
            var file = Path.Combine(folder.FullName, "pico.yaml");
            File.WriteAllText(file, yaml);
            raw["config"] = new RawValue([file], "--config");
            var loaded = ConfigurationLoader.Load(Definitions, raw, environment ?? [], []);
            return loaded with { Problems = [.. loaded.Problems.Select(p => p with { Source = p.Source.Replace(file, "pico.yaml", StringComparison.Ordinal) })] };
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>What the sources have wrong, a line each.</summary>
    public static string[] Problems(Dictionary<string, string>? flags = null, Dictionary<string, string>? environment = null, string? yaml = null) =>
        [.. Load(flags, environment, yaml).Problems.Select(p => p.ToString())];
}
