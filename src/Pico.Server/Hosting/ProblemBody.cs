using System.Text.Json.Serialization;

namespace Pico.Server.Hosting;

/// <summary>The members of a problem (RFC 9457 section 3.1) that <see cref="Problem"/> writes.</summary>
internal sealed record ProblemBody(string Title, int Status, string Detail, string Code);

/// <summary>Its serializer.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProblemBody))]
internal sealed partial class ProblemJsonContext : JsonSerializerContext;
