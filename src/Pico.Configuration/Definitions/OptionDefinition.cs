using Pico.Configuration.Types;

namespace Pico.Configuration.Definitions;

/// <summary>One option: its name, from which the flag, the environment variable and the key in the file follow, and what it is for.</summary>
public sealed class OptionDefinition
{
    /// <summary>What every environment variable of Pico begins with.</summary>
    public const string VariablePrefix = "PICO_";

    internal OptionDefinition(string name, string typeName, string allowed, string defaultText, string description, bool isSecret, bool isList, bool isSwitch)
    {
        Name = name;
        Flag = "--" + name;
        Variable = VariablePrefix + name.Replace('.', '_').Replace('-', '_').ToUpperInvariant();
        TypeName = typeName;
        Allowed = allowed;
        DefaultText = defaultText;
        Description = description;
        IsSecret = isSecret;
        IsList = isList;
        IsSwitch = isSwitch;
    }

    /// <summary>The name, which is also the key in the file: <c>proxy.bind-addr</c> stands under <c>proxy:</c> as <c>bind-addr:</c>.</summary>
    public string Name { get; }

    /// <summary>The flag: <c>--proxy.bind-addr</c>.</summary>
    public string Flag { get; }

    /// <summary>The environment variable: <c>PICO_PROXY_BIND_ADDR</c>.</summary>
    public string Variable { get; }

    /// <summary>The kind of value in a word.</summary>
    public string TypeName { get; }

    /// <summary>What is allowed, in words for people.</summary>
    public string Allowed { get; }

    /// <summary>The default as it would be written; empty if there is none.</summary>
    public string DefaultText { get; }

    /// <summary>What the option does, one or two sentences.</summary>
    public string Description { get; }

    /// <summary>True if the value is never shown.</summary>
    public bool IsSecret { get; }

    /// <summary>True if the option takes several values.</summary>
    public bool IsList { get; }

    /// <summary>True if the values of the list may be objects: JSON, or mappings in the file.</summary>
    public bool HasObjects { get; internal init; }

    /// <summary>The only words that are allowed; empty if there are others.</summary>
    public IReadOnlyList<string> Choices { get; internal init; } = [];

    /// <summary>True if the value is the path of a file, or a list of them.</summary>
    public bool IsFile => TypeName.StartsWith("file", StringComparison.Ordinal);

    /// <summary>True if the flag can stand alone.</summary>
    public bool IsSwitch { get; }

    /// <summary>The same option with another default.</summary>
    internal OptionDefinition WithDefault(string defaultText) => new(Name, TypeName, Allowed, defaultText, Description, IsSecret, IsList, IsSwitch) { HasObjects = HasObjects, Choices = Choices };

    /// <summary>What people are told about a value that is not allowed.</summary>
    internal string Refuse(RefusedValue refused) => refused.Reason ?? $"'{Show(refused.Item)}' is not allowed; allowed: {Allowed}";

    /// <summary>The value as it may be shown.</summary>
    internal string Show(string value) => IsSecret && value.Length > 0 ? "(secret)" : value;
}
