using System.Text.Json;
using System.Text.Json.Nodes;
using Pico.Cli.Settings;
using Pico.Server.Admin.Status;

namespace Pico.Cli.Status;

/// <summary>A server's status as JSON for programs: the whole document, or an array of what was asked for.</summary>
internal static class StatusDocument
{
    public static void Write(TextWriter output, StatusSection section, ServerStatus status)
    {
        var document = JsonSerializer.SerializeToNode(status, StatusJson.Default.ServerStatus)!;
        var part = section switch
        {
            StatusSection.Nodes => document["nodes"],
            StatusSection.Endpoints => document["endpoints"],
            StatusSection.Upstreams => Upstreams(document["endpoints"]!.AsArray()),
            _ => document,
        };
        output.WriteLine(part!.ToJsonString(StatusJson.Default.Options));
    }

    // Each with its endpoint, which the nesting says otherwise.
    private static JsonArray Upstreams(JsonArray endpoints)
    {
        var all = new JsonArray();
        foreach (var endpoint in endpoints)
        {
            foreach (var upstream in endpoint!["upstreams"]!.AsArray())
            {
                var copy = new JsonObject { ["endpoint"] = endpoint["id"]!.DeepClone() };
                foreach (var (name, value) in upstream!.AsObject())
                    copy[name] = value?.DeepClone();
                all.Add(copy);
            }
        }

        return all;
    }
}
