using System.Text.Json.Serialization;

namespace Pico.Server.Admin.Status;

/// <summary>How <see cref="ServerStatus"/> is written and read: names in camel case, indented.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ServerStatus))]
public sealed partial class StatusJson : JsonSerializerContext;
