using Pico.Configuration.Types;

namespace Pico.Configuration.Definitions;

/// <summary>
/// The options that fill a <typeparamref name="T"/>, bound to its properties by delegates. Defaults are what a new
/// <typeparamref name="T"/> has.
/// </summary>
public sealed class OptionSet<T>
    where T : class, new()
{
    private readonly T _defaults = new();
    private readonly List<BoundOption<T>> _options = [];
    private readonly List<Func<T, IEnumerable<(string Name, string Problem)>>> _rules = [];

    /// <summary>The options, in the order in which they are shown.</summary>
    public IEnumerable<OptionDefinition> Definitions => _options.Select(o => o.Definition);

    internal IReadOnlyList<BoundOption<T>> Options => _options;

    internal IEnumerable<(string Name, string Problem)> AskRules(T target) => _rules.SelectMany(rule => rule(target));

    /// <summary>
    /// Adds an option; <paramref name="name"/> is words in lower case, joined by dots (groups) and dashes. A secret's value is never shown.
    /// <paramref name="defaultText"/> says in words what the default is if it is not the same everywhere.
    /// </summary>
    public OptionSet<T> Add<TValue>(
        string name, OptionType<TValue> type, Func<T, TValue> get, Action<T, TValue> set, string description, bool secret = false,
        string? defaultText = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(get);
        defaultText ??= type.Format(get(_defaults));
        var definition = new OptionDefinition(name, type.Name, type.Allowed, defaultText, description, secret, type.IsList, type.IsSwitch) { HasObjects = type.HasObjects, Choices = type.Choices };
        return Add(new BoundOption<T, TValue>(definition, type, get, set));
    }

    /// <summary>Adds all options and rules of a part of <typeparamref name="T"/>, with the defaults that the part has there.</summary>
    public OptionSet<T> Include<TPart>(OptionSet<TPart> part, Func<T, TPart> select)
        where TPart : class, new()
    {
        ArgumentNullException.ThrowIfNull(part);
        foreach (var option in part._options)
        {
            var here = option.Read(select(_defaults));
            var definition = here == option.Read(part._defaults) ? option.Definition : option.Definition.WithDefault(here);
            Add(new PartOption<T, TPart>(definition, option, select));
        }

        foreach (var rule in part._rules)
            _rules.Add(target => rule(select(target)));
        return this;
    }

    /// <summary>
    /// Adds a rule over the whole, asked once every value has been read: <paramref name="problem"/> gives what is wrong with the option
    /// <paramref name="name"/>, in words for people, or null.
    /// </summary>
    public OptionSet<T> Rule(string name, Func<T, string?> problem) => Rules(target => problem(target) is { } message ? [(name, message)] : []);

    /// <summary>Adds rules over the whole, which give the options that are wrong, each with what is wrong in words for people.</summary>
    public OptionSet<T> Rules(Func<T, IEnumerable<(string Name, string Problem)>> problems)
    {
        _rules.Add(problems);
        return this;
    }

    /// <summary>What is wrong with one value, in words for people; null if it is allowed. An option that is not there is an <see cref="ArgumentException"/>.</summary>
    public string? Check(string name, string value)
    {
        var option = _options.Find(o => o.Definition.Name == name) ?? throw new ArgumentException($"There is no option {name}.", nameof(name));
        var problems = option.Apply(new T(), [value]);
        return problems.Count > 0 ? string.Join("; ", problems) : null;
    }

    private OptionSet<T> Add(BoundOption<T> option)
    {
        if (Definitions.Any(d => d.Name == option.Definition.Name))
            throw new ArgumentException($"The option {option.Definition.Name} is defined twice.", nameof(option));
        _options.Add(option);
        return this;
    }
}
