using System.Xml.Linq;

namespace Pico.Tests;

/// <summary>Keeps the arrows between the rooms true: which project may reference which.</summary>
public sealed class ArrowsTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Pico.Tunnel"] = [],
        ["Pico.Gossip"] = [],
        ["Pico.Configuration"] = [],
        ["Pico.Kubernetes"] = [],
        ["Pico.Server"] = ["Pico.Gossip", "Pico.Tunnel"],
        ["Pico.Agent"] = ["Pico.Configuration", "Pico.Tunnel"],
        ["Pico.AgentCli"] = ["Pico.Agent"],
        ["Pico.Cli"] = ["Pico.Agent", "Pico.Kubernetes", "Pico.Server"],
    };

    [Fact]
    public void Projects_ReferenceOnlyWhatTheirRoomMayKnow()
    {
        var projects = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories);
        var found = projects.ToDictionary(
            p => Path.GetFileNameWithoutExtension(p),
            p => XDocument.Load(p).Descendants("ProjectReference")
                .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value))
                .Order(StringComparer.Ordinal)
                .ToArray());

        Assert.Equivalent(Allowed, found, strict: true);
    }
}
