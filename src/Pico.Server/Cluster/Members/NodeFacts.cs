using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pico.Server.Cluster.Members;

/// <summary>
/// What a node says of itself in the gossip, beside its endpoints: JSON under <see cref="Key"/>. Members that are not known are ignored, so that versions
/// can be mixed during a rollout.
/// </summary>
/// <param name="Certificate">The SHA-256 of the certificate (DER) by which it is known on peer links, in hexadecimal.</param>
/// <param name="Software">Software and version.</param>
/// <param name="Zone">Its availability zone, or empty.</param>
/// <param name="Draining">It is about to leave: others use it only for what nobody else has.</param>
/// <param name="Proxy">Where it takes requests of clients, for people.</param>
/// <param name="StartedAt">When it began to listen.</param>
/// <param name="Place">Where it runs, unique for all time, in Kubernetes the UID of its pod; or empty.</param>
internal sealed record NodeFacts(string Certificate, string Software, string Zone, bool Draining, string Proxy, DateTimeOffset? StartedAt, string Place = "")
{
    /// <summary>The key in the gossip; no endpoint's name begins with a dot.</summary>
    public const string Key = ".node";

    /// <summary>As a value of the gossip.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, NodeFactsJson.Default.NodeFacts);

    /// <summary>Null if the value is none that this version understands.</summary>
    public static NodeFacts? Decode(ReadOnlySpan<byte> value)
    {
        try
        {
            return JsonSerializer.Deserialize(value, NodeFactsJson.Default.NodeFacts) is { Certificate: not null } facts
                ? facts with { Software = facts.Software ?? "", Zone = facts.Zone ?? "", Proxy = facts.Proxy ?? "", Place = facts.Place ?? "" }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Its serializer.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NodeFacts))]
internal sealed partial class NodeFactsJson : JsonSerializerContext;
