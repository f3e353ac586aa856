namespace Pico.Server.Cluster.Asking;

/// <summary>Another node could not be asked. The same in HTTP's terms: <paramref name="status"/> and <paramref name="code"/>.</summary>
internal sealed class QuestionException(int status, string code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>404, 502 or 504.</summary>
    public int Status { get; } = status;

    /// <summary>The problem's code.</summary>
    public string Code { get; } = code;

    /// <summary>No such node is up.</summary>
    public static QuestionException Unknown(string nodeId) =>
        new(404, "unknown_node", $"No node '{nodeId}' is up in this cluster, as far as this node knows: /status/nodes names those that are.");
}
