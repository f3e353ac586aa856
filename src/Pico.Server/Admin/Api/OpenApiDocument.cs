using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Pico.Server.Admin.Status;
using Pico.Server.Hosting;

namespace Pico.Server.Admin.Api;

/// <summary>
/// The OpenAPI document (3.1) of the admin port, made of what the API answers by: its <see cref="AdminResources"/> and the types of their bodies. So it cannot say anything else.
/// </summary>
internal sealed class OpenApiDocument(AdminResources resources, NodeIdentity node)
{
    private readonly Lazy<byte[]> _json = new(() => Build(resources.All, node.Software));

    /// <summary>The document, UTF-8.</summary>
    public ReadOnlyMemory<byte> Json => _json.Value;

    private static byte[] Build(IReadOnlyList<AdminResource> resources, string software)
    {
        var schemas = new JsonObject { ["Problem"] = ProblemSchema() };
        var paths = new JsonObject();
        foreach (var resource in resources)
            paths[resource.Path] = new JsonObject { ["get"] = Operation(resource, schemas) };
        paths["/health"] = Text("Says that the process is alive.", "alive");
        paths["/ready"] = Text("Says whether the node takes work: 503 while it starts, joins its cluster or drains.", "ready", "503");
        paths["/metrics"] = Text("Metrics, for Prometheus.", "metrics");
        paths["/openapi.json"] = Text("This document.", "describe");
        paths["/drain"] = new JsonObject { ["post"] = Text("Asks the node to drain and to end. Without admin.auth from the node's own machine only.", "drain", "202", "403")["get"]!.DeepClone() };
        paths["/log-level"] = Setting(
            "The levels of the server's log, and for how long they hold.", "LogLevel", "level, category (what names begin with; none: all) and for (seconds).");
        paths["/access-log"] = Setting(
            "Whether there is an access log, of which share of requests, and for how long.", "AccessLog", "enabled (true, false, default), sample (0 to 1) and for (seconds).");
        var document = new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Pico Admin API",
                ["version"] = software[(software.IndexOf('/', StringComparison.Ordinal) + 1)..],
                ["description"] = "What a node of Pico knows. Every path of /status and /events is also a stream, for whoever accepts text/event-stream.",
            },
            ["security"] = new JsonArray(new JsonObject(), new JsonObject { ["token"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas,
                ["securitySchemes"] = new JsonObject { ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["bearerFormat"] = "JWT" } },
            },
        };
        return System.Text.Encoding.UTF8.GetBytes(document.ToJsonString(StatusJson.Default.Options));
    }

    private static JsonObject Setting(string summary, string name, string parameters) => new()
    {
        ["get"] = Text(summary, "say" + name)["get"]!.DeepClone(),
        ["put"] = Text($"Sets them by the parameters {parameters} Without admin.auth from the node's own machine only.", "set" + name, "400", "403")["get"]!.DeepClone(),
    };

    private static JsonObject Operation(AdminResource resource, JsonObject schemas)
    {
        var parameters = new JsonArray();
        if (resource.IsNamed)
            parameters.Add(new JsonObject { ["name"] = "id", ["in"] = "path", ["required"] = true, ["schema"] = new JsonObject { ["type"] = "string" } });
        foreach (var parameter in resource.AllParameters)
            parameters.Add(Parameter(parameter));
        var schema = SchemaOf(resource.Body, schemas);
        var answers = new JsonObject
        {
            ["200"] = new JsonObject
            {
                ["description"] = resource.Summary,
                ["content"] = new JsonObject
                {
                    ["application/json"] = new JsonObject { ["schema"] = schema },
                    ["text/event-stream"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } },
                },
            },
            ["default"] = Problem(),
        };
        return new JsonObject { ["operationId"] = IdOf(resource.Path), ["summary"] = resource.Summary, ["parameters"] = parameters, ["responses"] = answers };
    }

    private static JsonObject Parameter(AdminParameter parameter)
    {
        var schema = new JsonObject { ["type"] = parameter.IsNumber ? "integer" : "string" };
        if (parameter.IsNumber)
            (schema["minimum"], schema["maximum"]) = (1, AdminQuery.MaxLimit);
        if (parameter.Choices.Count > 0)
            schema["enum"] = new JsonArray([.. parameter.Choices.Select(c => JsonValue.Create(c))]);
        return new JsonObject { ["name"] = parameter.Name, ["in"] = "query", ["description"] = parameter.Summary, ["schema"] = schema };
    }

    private static JsonObject Text(string summary, string id, params string[] others)
    {
        var answers = new JsonObject { ["200"] = new JsonObject { ["description"] = summary } };
        foreach (var other in others)
            answers[other] = other.StartsWith('2') ? new JsonObject { ["description"] = summary } : Problem();
        if (others.Any(o => o.StartsWith('2')))
            answers.Remove("200");
        return new JsonObject { ["get"] = new JsonObject { ["operationId"] = id, ["summary"] = summary, ["responses"] = answers } };
    }

    private static JsonObject Problem() => new()
    {
        ["description"] = "A problem (RFC 9457).",
        ["content"] = new JsonObject { ["application/problem+json"] = new JsonObject { ["schema"] = Reference("Problem") } },
    };

    private static JsonNode ProblemSchema() => ProblemJsonContext.Default.Options.GetJsonSchemaAsNode(
        typeof(ProblemBody), new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true });

    private static JsonNode SchemaOf(Type type, JsonObject schemas)
    {
        var exporter = new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, schema) => context.TypeInfo.Kind == JsonTypeInfoKind.Object ? Named(context.TypeInfo.Type, schema, schemas) : schema,
        };
        return StatusJson.Default.Options.GetJsonSchemaAsNode(type, exporter);
    }

    // An object stands in the document once, by its name.
    private static JsonObject Named(Type type, JsonNode schema, JsonObject schemas)
    {
        var name = type.IsGenericType ? $"{type.GenericTypeArguments[0].Name}Page" : type.Name;
        var isNullable = schema["type"] is JsonArray;
        if (!schemas.ContainsKey(name))
        {
            schema["type"] = "object";
            schemas[name] = schema.DeepClone();
        }

        return isNullable ? new JsonObject { ["anyOf"] = new JsonArray(Reference(name), new JsonObject { ["type"] = "null" }) } : Reference(name);
    }

    private static JsonObject Reference(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    private static string IdOf(string path) => string.Concat(path.Split('/', StringSplitOptions.RemoveEmptyEntries)
        .Select((part, i) => part == "{id}" ? "ById" : i == 0 ? part : char.ToUpperInvariant(part[0]) + part[1..]));
}
