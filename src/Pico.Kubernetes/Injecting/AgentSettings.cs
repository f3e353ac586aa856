namespace Pico.Kubernetes.Injecting;

/// <summary>One agent, as its pod shall have it: the template and what annotations change of it.</summary>
internal sealed record AgentSettings
{
    public required string Image { get; init; }

    public required string ImagePullPolicy { get; init; }

    public required int Port { get; init; }

    public required int RunAsUser { get; init; }

    public required string CpuRequest { get; init; }

    public required string CpuLimit { get; init; }

    public required string MemoryRequest { get; init; }

    public required string MemoryLimit { get; init; }

    /// <summary>A Secret with the credential under <see cref="Resources.PicoNames.TokenKey"/>; empty: the ServiceAccount's token.</summary>
    public string TokenSecret { get; init; } = "";

    /// <summary>For whom the ServiceAccount's token is (<see cref="Injecting.TokenAudience"/>).</summary>
    public required string TokenAudience { get; init; }

    /// <summary>Whom it trusts for its server (<see cref="ServerAuthorities"/>); empty: the system's authorities.</summary>
    public string ServerCa { get; init; } = "";

    /// <summary>True if the application's containers wait at their end until the agent has drained.</summary>
    public bool HoldsStop { get; init; } = true;

    /// <summary>The agent's options by name.</summary>
    public required IReadOnlyDictionary<string, string> Options { get; init; }

    /// <summary>What the template says.</summary>
    public static AgentSettings Of(AgentTemplate template) => new()
    {
        Image = template.Image,
        ImagePullPolicy = template.ImagePullPolicy,
        Port = template.Port,
        RunAsUser = template.RunAsUser,
        CpuRequest = template.CpuRequest,
        CpuLimit = template.CpuLimit,
        MemoryRequest = template.MemoryRequest,
        MemoryLimit = template.MemoryLimit,
        TokenAudience = template.TokenAudience,
        ServerCa = template.ServerCa,
        Options = new Dictionary<string, string>(StringComparer.Ordinal) { ["server"] = template.Server },
    };
}
