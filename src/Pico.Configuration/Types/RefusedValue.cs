namespace Pico.Configuration.Types;

/// <summary>An item of a value that is not allowed.</summary>
/// <param name="Item">The item as it was written.</param>
/// <param name="Reason">What is wrong with it, in words for people; null says only that it isn't what is allowed.</param>
public readonly record struct RefusedValue(string Item, string? Reason = null);
