using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pico.Tests.Kubernetes;

/// <summary>
/// Output that people have looked at, in files beside the tests. With
/// <c>PICO_TEST_ACCEPT=1</c> what a test gets takes the file's place.
/// </summary>
internal static class Golden
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Check(string name, JsonNode actual)
    {
        var path = Path.Combine(Repository.Root, "tests", "Pico.Tests", "Kubernetes", "Golden", name + ".json");
        var text = actual.ToJsonString(Readable) + "\n";
        if (Environment.GetEnvironmentVariable("PICO_TEST_ACCEPT") == "1")
            File.WriteAllText(path, text);
        var expected = File.Exists(path) ? File.ReadAllText(path) : "";
        Assert.True(expected == text, $"{name} is not what {path} has:\n{text}");
    }
}
