using Microsoft.Extensions.Logging;

namespace Pico.Agent.Commands.Logs;

/// <summary>The level of the categories that begin with <paramref name="Category"/>; of all, if that is empty.</summary>
/// <param name="Category">What their names begin with.</param>
/// <param name="Level">The least severe messages that are logged.</param>
/// <param name="Until">When it ends, and what held before holds again; null: never.</param>
public sealed record LevelRule(string Category, LogLevel Level, DateTimeOffset? Until);

/// <summary>
/// Which messages are logged. It can be changed while the process runs, for good or for a while: of the rules that fit a category the longest counts, and one
/// that ends comes before one that does not.
/// </summary>
/// <param name="configured">The level of all categories that no rule says otherwise of.</param>
/// <param name="time">The clock.</param>
public sealed class LogLevels(LogLevel configured, TimeProvider time)
{
    /// <summary>How many rules there may be.</summary>
    public const int MaxRules = 64;

    private readonly Lock _changing = new();
    private readonly Dictionary<(string Category, bool Ends), (LevelRule Rule, ITimer? End)> _rules = []; // under _changing

    /// <summary>The levels are others now. Called by whoever changes them.</summary>
    public event Action? Changed;

    /// <summary>The rules that hold, the general ones first. The first is that of all categories.</summary>
    public IReadOnlyList<LevelRule> Rules
    {
        get
        {
            lock (_changing)
            {
                var rules = _rules.Values.Select(r => r.Rule).OrderBy(r => r.Category, StringComparer.Ordinal).ThenBy(r => r.Until is not null).ToList();
                if (!_rules.ContainsKey(("", false)))
                    rules.Insert(0, new LevelRule("", configured, null));
                return rules;
            }
        }
    }

    /// <summary>The level of one category.</summary>
    public LogLevel Of(string category)
    {
        lock (_changing)
        {
            LevelRule? best = null;
            foreach (var (rule, _) in _rules.Values)
            {
                if (!Fits(rule.Category, category) || best is not null && (rule.Category.Length, rule.Until is not null).CompareTo((best.Category.Length, best.Until is not null)) < 0)
                    continue;
                best = rule;
            }

            return best?.Level ?? configured;
        }
    }

    /// <summary>Sets the level of the categories that begin with <paramref name="category"/> (empty: of all), for good or for a while. False: there are too many rules.</summary>
    public bool Set(string category, LogLevel level, TimeSpan? duration)
    {
        ArgumentNullException.ThrowIfNull(category);
        lock (_changing)
        {
            if (_rules.Count >= MaxRules && !_rules.ContainsKey((category, duration is not null)))
                return false;
            Remove(category, ends: true);
            if (duration is { } length)
            {
                var rule = new LevelRule(category, level, time.GetUtcNow() + length);
                _rules[(category, true)] = (rule, time.CreateTimer(_ => End(rule), null, length, Timeout.InfiniteTimeSpan));
            }
            else
            {
                _rules[(category, false)] = (new LevelRule(category, level, null), null);
            }
        }

        Changed?.Invoke();
        return true;
    }

    /// <summary>Forgets what was set for <paramref name="category"/>: what was configured holds again.</summary>
    public void Reset(string category)
    {
        lock (_changing)
        {
            Remove(category, ends: true);
            Remove(category, ends: false);
        }

        Changed?.Invoke();
    }

    // "Pico.Server" is said of Pico.Server.Proxy, not of Pico.ServerOther.
    private static bool Fits(string prefix, string category) =>
        prefix.Length == 0 || category.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && (category.Length == prefix.Length || category[prefix.Length] == '.');

    private void End(LevelRule rule)
    {
        lock (_changing)
        {
            if (!_rules.TryGetValue((rule.Category, true), out var found) || !ReferenceEquals(found.Rule, rule))
                return;
            Remove(rule.Category, ends: true);
        }

        Changed?.Invoke();
    }

    private void Remove(string category, bool ends)
    {
        if (_rules.Remove((category, ends), out var removed))
            removed.End?.Dispose();
    }
}
