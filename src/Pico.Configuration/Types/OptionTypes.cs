using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Pico.Configuration.Types;

/// <summary>The kinds of values that options have.</summary>
public static class OptionTypes
{
    // What a timer takes.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(24);

    /// <summary><c>true</c> or <c>false</c>; the flag alone means <c>true</c>.</summary>
    public static OptionType<bool> Switch { get; } = new SwitchType();

    /// <summary>A share of a whole, from 0 to 1.</summary>
    public static OptionType<double> Fraction { get; } = new FractionType();

    /// <summary>Where to listen: <c>[host]:port</c>, the host an IP address, <c>localhost</c> or missing; port 0 takes a free one.</summary>
    public static OptionType<string> Address { get; } =
        new TextType("address", "[host]:port such as :8000, localhost:8000, 127.0.0.1:8000 or [::1]:8000, with a port from 0 to 65535", IsAddress);

    /// <summary>As <see cref="Address"/>, or empty for nowhere.</summary>
    public static OptionType<string> OptionalAddress { get; } =
        new TextType("address", Address.Allowed + ", or '' for nowhere", t => t.Length == 0 || IsAddress(t));

    /// <summary>A network in CIDR notation, or one address.</summary>
    public static OptionType<string> Network { get; } =
        new TextType("network", "a network such as 10.0.0.0/8 or fd00::/8, or one address", t => IPNetwork.TryParse(t, out _) || IPAddress.TryParse(t, out _));

    /// <summary>A file that exists.</summary>
    public static OptionType<string> ExistingFile { get; } = new TextType("file", "the path of a file that exists", File.Exists);

    /// <summary>A whole number from <paramref name="min"/> to <paramref name="max"/>, both included.</summary>
    public static OptionType<int> Number(int min, int max) => new NumberType(min, max);

    /// <summary>
    /// A duration from <paramref name="min"/> to <paramref name="max"/> (24 days if not given); <paramref name="zero"/>, if
    /// given, allows 0 and says what it means.
    /// </summary>
    public static OptionType<TimeSpan> Duration(TimeSpan min, TimeSpan? max = null, string? zero = null) => new DurationType(min, max ?? LongestTimer, zero);

    /// <summary>A size in bytes from <paramref name="min"/> to <paramref name="max"/>.</summary>
    public static OptionType<long> Size(long min, long max) => new SizeType(min, max);

    /// <summary>One of a few words.</summary>
    public static OptionType<TValue> Choice<TValue>(params IReadOnlyList<(string Word, TValue Value)> choices) => new ChoiceType<TValue>(choices);

    /// <summary>Several values of one type.</summary>
    public static OptionType<IReadOnlyList<TItem>> List<TItem>(OptionType<TItem> item) => new ListType<TItem>(item);

    /// <summary>
    /// Several values, read by a parser that takes what was given (each may hold several) and adds a message for each thing that is wrong.
    /// </summary>
    public static OptionType<IReadOnlyList<TItem>> List<TItem>(
        string name, string allowed, Func<IEnumerable<string>, ICollection<string>, IReadOnlyList<TItem>> parse, Func<TItem, string> format) =>
        new ParsedListType<TItem>(name, allowed, parse, format);

    /// <summary>
    /// Several objects: each is read from JSON, which a YAML file may write as a mapping (its scalars are strings then), by a reader that adds a message for each thing that is wrong and gives null then.
    /// </summary>
    public static OptionType<IReadOnlyList<TItem>> Objects<TItem>(string name, string allowed, Func<JsonElement, ICollection<string>, TItem?> read, Func<TItem, string> format)
        where TItem : class => new ObjectListType<TItem>(name, allowed, read, format);

    /// <summary>A text with a rule of its own (that may also be left to <see cref="Definitions.OptionSet{T}.Rules"/>).</summary>
    public static OptionType<string> Matching(string name, string allowed, Func<string, bool> isValid) => new TextType(name, allowed, isValid);

    /// <summary>A value that is read and written by delegates; the reader gives null for what is not allowed.</summary>
    public static OptionType<TValue> Parsed<TValue>(string name, string allowed, Func<string, TValue?> parse, Func<TValue, string> format)
        where TValue : class => new ParsedType<TValue>(name, allowed, parse, format);

    /// <summary>An absolute URL with one of <paramref name="schemes"/> and a host.</summary>
    public static OptionType<string> Url(params IReadOnlyList<string> schemes) =>
        new TextType(
            "url",
            $"a URL such as {schemes[0]}://host:port, beginning with {string.Join(" or ", schemes.Select(s => s + "://"))}",
            t => Uri.TryCreate(t, UriKind.Absolute, out var url) && schemes.Contains(url.Scheme) && url.Host.Length > 0 && url.UserInfo.Length == 0);

    private static bool IsAddress(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            return false;
        var host = text[..colon];
        if (host.Length == 0)
            return true;
        return host[0] == '['
            ? host[^1] == ']' && IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out _)
            : host == "localhost" || (!host.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(host, out _));
    }
}
