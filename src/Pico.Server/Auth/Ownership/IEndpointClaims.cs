namespace Pico.Server.Auth.Ownership;

/// <summary>Which namespace of the cluster has which endpoint ID, as somebody outside of the server knows it. From any thread.</summary>
public interface IEndpointClaims
{
    /// <summary>Completes when every claim is known for the first time; what is known stays known. Before that, nobody's claim is.</summary>
    Task Known { get; }

    /// <summary>An endpoint ID may have another owner than before. What hears it returns at once.</summary>
    event Action<string>? Changed;

    /// <summary>The namespace that has the ID, in either case; null if nobody claims it.</summary>
    string? OwnerOf(string endpointId);

    /// <summary>Follows the claims until <paramref name="stop"/>; troubles never end it.</summary>
    Task RunAsync(CancellationToken stop);
}

/// <summary>Who may register an endpoint ID that no namespace claims.</summary>
public enum UnclaimedPolicy
{
    /// <summary>Every ServiceAccount of the cluster.</summary>
    Open,

    /// <summary>Those of the namespace <c>shop</c> what is called <c>shop</c> or begins with <c>shop-</c>.</summary>
    Prefix,
}
