using k8s.Models;

namespace Pico.Kubernetes.Resources;

/// <summary>metav1.LabelSelector: what it means, and what is wrong with one.</summary>
internal static class LabelSelectors
{
    /// <summary>
    /// True if every requirement is met. An empty selector selects everything, as everywhere in Kubernetes; one that is not valid (<see cref="Problems"/>) nothing
    /// by that requirement.
    /// </summary>
    public static bool Matches(V1LabelSelector selector, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (key, value) in selector.MatchLabels ?? new Dictionary<string, string>())
        {
            if (!labels.TryGetValue(key, out var has) || has != value)
                return false;
        }

        return (selector.MatchExpressions ?? []).All(e => Matches(e, labels));
    }

    /// <summary>What is wrong with it, in words for people; empty if nothing is.</summary>
    public static IEnumerable<string> Problems(V1LabelSelector selector)
    {
        if (selector.MatchLabels is null or { Count: 0 } && selector.MatchExpressions is null or { Count: 0 })
            yield return "spec.selector is empty: give matchLabels or matchExpressions";
        foreach (var expression in selector.MatchExpressions ?? [])
        {
            var hasValues = expression.Values is { Count: > 0 };
            if (string.IsNullOrEmpty(expression.Key))
                yield return "an expression of spec.selector.matchExpressions has no key: give the label's name";
            else if (expression.OperatorProperty is not ("In" or "NotIn" or "Exists" or "DoesNotExist"))
                yield return $"spec.selector's operator for {expression.Key} is \"{expression.OperatorProperty}\": give In, NotIn, Exists or DoesNotExist";
            else if (expression.OperatorProperty is "In" or "NotIn" != hasValues)
                yield return $"spec.selector's operator {expression.OperatorProperty} for {expression.Key} {(hasValues ? "takes no values: leave them out" : "has no values: give some")}";
        }
    }

    private static bool Matches(V1LabelSelectorRequirement requirement, IReadOnlyDictionary<string, string> labels)
    {
        if (string.IsNullOrEmpty(requirement.Key))
            return false;
        var has = labels.TryGetValue(requirement.Key, out var value);
        return requirement.OperatorProperty switch
        {
            "In" => has && requirement.Values?.Contains(value!) == true,
            "NotIn" => requirement.Values is { Count: > 0 } values && !(has && values.Contains(value!)),
            "Exists" => has,
            "DoesNotExist" => !has,
            _ => false,
        };
    }
}
