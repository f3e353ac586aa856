using System.Globalization;
using Pico.Kubernetes.Resources;

namespace Pico.Kubernetes.Injecting;

/// <summary>
/// Reads <c>pico.dev/*</c> annotations of a pod. One that cannot be followed never stops the pod: it is left out, its default stands, and it is told
/// (<see cref="PicoNames.Problems"/>).
/// </summary>
internal sealed class AnnotationReader(AgentTemplate template, AgentOptionRules rules)
{
    private static readonly HashSet<string> NotSettings = new(StringComparer.Ordinal)
    {
        PicoNames.Inject, PicoNames.Agent, PicoNames.Problems, PicoNames.ConfigHash, PicoNames.Component, PicoNames.EndpointUid,
    };

    /// <summary>The settings, and what is wrong, one message for each.</summary>
    public AgentSettings Read(IEnumerable<KeyValuePair<string, string>> annotations, List<string> problems)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal) { ["server"] = template.Server };
        var settings = AgentSettings.Of(template) with { Options = options };
        foreach (var (key, value) in annotations.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            if (!key.StartsWith(PicoNames.Prefix, StringComparison.Ordinal) || NotSettings.Contains(key))
                continue;
            var name = key[PicoNames.Prefix.Length..];
            if (Apply(ref settings, options, name, value.Trim()) is { } problem)
                problems.Add($"{key}: {problem}");
        }

        return Consistent(settings, problems);
    }

    private string? Apply(ref AgentSettings settings, Dictionary<string, string> options, string name, string value)
    {
        switch (name)
        {
            case "image":
                return Set(value.Length is > 0 and <= 500 && !value.Any(char.IsWhiteSpace), "an image such as registry.example.com/pico-agent:1.0", ref settings, s => s with { Image = value });
            case "image-pull-policy":
                return Set(value is "Always" or "IfNotPresent" or "Never", "Always, IfNotPresent or Never", ref settings, s => s with { ImagePullPolicy = value });
            case "port":
                var isPort = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1024 and <= 65535;
                return Set(isPort, "a port from 1024 to 65535", ref settings, s => s with { Port = port });
            case "run-as-user":
                var isUser = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var user);
                return Set(isUser, "a user ID, or 0 for the image's", ref settings, s => s with { RunAsUser = user });
            case "token-secret":
                return Set(IsName(value), $"the name of a Secret with the key {PicoNames.TokenKey}", ref settings, s => s with { TokenSecret = value });
            case "server-ca":
                return Set(ServerAuthorities.IsValid(value), ServerAuthorities.Rule, ref settings, s => s with { ServerCa = value });
            case "hold-stop":
                return Set(value is "true" or "false", "true or false", ref settings, s => s with { HoldsStop = value == "true" });
            case "cpu-request":
                return Set(IsQuantity(value), Quantity.Rule, ref settings, s => s with { CpuRequest = value });
            case "cpu-limit":
                return Set(IsQuantity(value), Quantity.Rule, ref settings, s => s with { CpuLimit = value });
            case "memory-request":
                return Set(IsQuantity(value), Quantity.Rule, ref settings, s => s with { MemoryRequest = value });
            case "memory-limit":
                return Set(IsQuantity(value), Quantity.Rule, ref settings, s => s with { MemoryLimit = value });
            default:
                if (AgentOptionRules.IsReserved(name) || !rules.Names.Contains(name))
                    return "there is no such setting";
                if (rules.Check(name, value) is { } problem)
                    return problem;
                options[name] = value;
                // The template's authorities and its token are for the template's server; the annotation server-ca comes after this one.
                if (name == "server")
                    settings = settings with { ServerCa = "", TokenAudience = TokenAudience.Of(value, template) };
                return null;
        }

        string? Set(bool isValid, string allowed, ref AgentSettings current, Func<AgentSettings, AgentSettings> change)
        {
            if (!isValid)
                return $"\"{value}\" is not allowed: give {allowed}";
            current = change(current);
            return null;
        }
    }

    // The agent refuses authorities for nobody, the API server pods that request more than their limit.
    private AgentSettings Consistent(AgentSettings settings, List<string> problems)
    {
        if (settings.ServerCa.Length > 0 && !ServerAuthorities.AreFor(settings.Options["server"]))
        {
            problems.Add($"{PicoNames.Prefix}server-ca: no server begins with wss://, so nobody is to be trusted");
            settings = settings with { ServerCa = "" };
        }

        if (Quantity.IsMore(settings.CpuRequest, settings.CpuLimit))
        {
            problems.Add($"{PicoNames.Prefix}cpu-request: {settings.CpuRequest} is more than the limit, {settings.CpuLimit}: give both");
            settings = settings with { CpuRequest = template.CpuRequest, CpuLimit = template.CpuLimit };
        }

        if (Quantity.IsMore(settings.MemoryRequest, settings.MemoryLimit))
        {
            problems.Add($"{PicoNames.Prefix}memory-request: {settings.MemoryRequest} is more than the limit, {settings.MemoryLimit}: give both");
            settings = settings with { MemoryRequest = template.MemoryRequest, MemoryLimit = template.MemoryLimit };
        }

        return settings;
    }

    // Empty: none.
    private static bool IsQuantity(string value) => value.Length == 0 || Quantity.IsValid(value);

    internal static bool IsName(string value) =>
        value.Length is > 0 and <= 253 && value.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '.')
        && char.IsAsciiLetterOrDigit(value[0]) && char.IsAsciiLetterOrDigit(value[^1]);
}
