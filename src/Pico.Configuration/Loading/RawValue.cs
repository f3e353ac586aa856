namespace Pico.Configuration.Loading;

/// <summary>What a source gave for an option, unread: one item, or several for a list.</summary>
/// <param name="Items">The items; never empty.</param>
/// <param name="Source">Where they stand, as people find it: <c>--proxy.bind-addr</c>, <c>PICO_PROXY_BIND_ADDR</c>, <c>pico.yaml:3:5</c>.</param>
internal readonly record struct RawValue(IReadOnlyList<string> Items, string Source);
