namespace Pico.Agent.Endpoints;

/// <summary>Which pods an endpoint of a shared file is for: a Kubernetes label selector (metav1.LabelSelector). Without any requirement: all.</summary>
internal sealed class PodSelector
{
    private readonly List<Requirement> _requirements = [];

    /// <summary>The label must have the value.</summary>
    public void Equal(string key, string value) => _requirements.Add(new Requirement(key, "In", [value]));

    /// <summary>Adds an expression; gives null, or what is wrong with it.</summary>
    public string? Add(string? key, string? @operator, IReadOnlyList<string> values)
    {
        if (string.IsNullOrEmpty(key))
            return "an expression of the selector has no key";
        if (@operator is not ("In" or "NotIn" or "Exists" or "DoesNotExist"))
            return $"\"{@operator}\" is no operator of a selector: give In, NotIn, Exists or DoesNotExist";
        _requirements.Add(new Requirement(key, @operator, values));
        return null;
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels) => _requirements.TrueForAll(r => r.IsMet(labels));

    private sealed record Requirement(string Key, string Operator, IReadOnlyList<string> Values)
    {
        public bool IsMet(IReadOnlyDictionary<string, string> labels)
        {
            var has = labels.TryGetValue(Key, out var value);
            return Operator switch
            {
                "In" => has && Values.Contains(value!),
                "NotIn" => !has || !Values.Contains(value!),
                "Exists" => has,
                _ => !has,
            };
        }
    }
}
