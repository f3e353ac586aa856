namespace Pico.Server.Admin.Api;

/// <summary>A parameter that the Admin API takes.</summary>
/// <param name="Name">Its name in the query.</param>
/// <param name="Summary">What it does, for the OpenAPI document.</param>
internal sealed record AdminParameter(string Name, string Summary)
{
    /// <summary>The values that it takes; none: any text.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>True if the value is a number.</summary>
    public bool IsNumber { get; init; }

    public static AdminParameter Node { get; } = new("node", "The node that is to answer, if not the one that was asked. It is asked over the peer link.");

    public static AdminParameter Search { get; } = new("search", "Only what has this text in its name, in either case.");

    public static AdminParameter Limit { get; } = new("limit", $"How many things are wanted at the most: 1 to {AdminQuery.MaxLimit}, {AdminQuery.DefaultLimit} if it is left out.") { IsNumber = true };

    public static AdminParameter Continue { get; } = new("continue", "The continue of the page before, with the same other parameters: gives the next page.");

    public static AdminParameter Protocol { get; } = new("protocol", "Only endpoints of this protocol.") { Choices = ["http", "h2c", "tcp"] };

    public static AdminParameter State { get; } = new("state", "Only endpoints that do so; unhealthy: all that are not healthy.") { Choices = ["healthy", "degraded", "failing", "unavailable", "unhealthy"] };

    public static AdminParameter Holder { get; } = new("holder", "Only endpoints that have an upstream at this node.");

    public static AdminParameter Sort { get; } = new("sort", "What comes first: id, the first in the alphabet (the default); else what has most of it. Figures move, so their pages may repeat or leave out something.")
    {
        Choices = ["id", "state", "rate", "errors", "latency"],
    };

    public static AdminParameter Zone { get; } = new("zone", "Only what is in this zone.");

    public static AdminParameter Endpoint { get; } = new("endpoint", "Only tunnels of which this endpoint is one.");

    public static AdminParameter After { get; } = new("after", "The ID of the last event that is known: gives those that came later. If it is left out, the last ones are given.");
}
