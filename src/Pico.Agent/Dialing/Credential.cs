namespace Pico.Agent.Dialing;

/// <summary>A token as it was read, and the news that there is another by now.</summary>
internal sealed class Credential(string token)
{
    private readonly TaskCompletionSource _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The token; empty where there is none.</summary>
    public string Token { get; } = token;

    /// <summary>When it expires by its own word, which only the server can verify; null if that is not known.</summary>
    public DateTimeOffset? Expires { get; } = TokenExpiry.Read(token);

    /// <summary>Completes when the source has another token.</summary>
    public Task Replaced => _replaced.Task;

    /// <summary>The source has another token. Idempotent.</summary>
    public void Replace() => _replaced.TrySetResult();
}
