using System.Text.Json;
using System.Text.Json.Serialization;
using Pico.Server.Admin.Events;

namespace Pico.Server.Admin.Status;

/// <summary>How everything of the Admin API is written and read: names in camel case, indented; <see cref="Compact"/> is not.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ServerStatus))]
[JsonSerializable(typeof(StatusPage<NodeStatus>))]
[JsonSerializable(typeof(StatusPage<EndpointStatus>))]
[JsonSerializable(typeof(StatusPage<TunnelStatus>))]
[JsonSerializable(typeof(EventPage))]
public sealed partial class StatusJson : JsonSerializerContext
{
    /// <summary>The same on one line.</summary>
    public static StatusJson Compact => Line.Context;

    // Made when it is needed: which static member of two files comes first is nowhere said.
    private static class Line
    {
        public static readonly StatusJson Context = new(new JsonSerializerOptions(Default.Options) { WriteIndented = false });
    }
}
