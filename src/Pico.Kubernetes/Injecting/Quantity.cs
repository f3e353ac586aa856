using System.Text.RegularExpressions;
using k8s.Models;

namespace Pico.Kubernetes.Injecting;

/// <summary>Quantities as Kubernetes has them: <c>100m</c>, <c>0.5</c>, <c>64Mi</c>.</summary>
public static partial class Quantity
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "a quantity such as 100m, 0.5 or 64Mi";

    /// <summary>True if the API server takes it.</summary>
    public static bool IsValid(string text) => Shape().IsMatch(text);

    internal static bool IsMore(string text, string than) =>
        text.Length > 0 && than.Length > 0 && new ResourceQuantity(text).ToDecimal() > new ResourceQuantity(than).ToDecimal();

    [GeneratedRegex(@"^[0-9]{1,15}(\.[0-9]{1,9})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$(?!\n)")]
    private static partial Regex Shape();
}
