using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pico.Tests.Cli;

namespace Pico.ClusterTests.Charts;

/// <summary>
/// Every program is given its arguments, its environment and its configuration file as they are rendered, and asked what it would do (<c>--print-config</c>): it checks all of it, and starts nothing.
/// Files of volumes stand in a folder of the test's.
/// </summary>
public sealed partial class ArgumentTests : IDisposable
{
    private static readonly Lazy<(string Certificate, string Key)> Certificate = new(MakeCertificate);

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("pico-chart-");

    public static IEnumerable<TheoryDataRow<string, string>> All => ValueSets.All;

    public void Dispose() => _root.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(All))]
    public async Task Programs_TakeTheOptionsThatTheyAreGiven(string values, string kubernetes)
    {
        var rendering = await Helm.RenderAsync(values, kubernetes);
        foreach (var pod in rendering.Pods())
        {
            foreach (var container in pod.Containers)
                await AssertTakenAsync(rendering, pod, container);
        }
    }

    [Fact]
    public async Task Server_WithAnOptionThatThereIsNot_IsFoundOut()
    {
        var render = await Helm.TryAsync("server: {config: {proxy: {base-domian: example.com}}}");
        var rendering = Rendering.Parse(render.Succeeded().Text);
        var pod = rendering.Pods().Single(p => p.Owner.Name == "pico-server");

        var answer = await AskAsync(rendering, pod, pod.Containers.Single());

        Assert.NotEqual(0, answer.ExitCode);
        Assert.Contains("base-domian", answer.Error, StringComparison.Ordinal);
    }

    private async Task AssertTakenAsync(Rendering rendering, PodTemplate pod, JsonNode container)
    {
        var answer = await AskAsync(rendering, pod, container);
        Assert.True(answer.ExitCode == 0, $"{pod} is not taken: {answer.Error}");
    }

    private Task<(int ExitCode, string Out, string Error)> AskAsync(Rendering rendering, PodTemplate pod, JsonNode container)
    {
        PutConfigMaps(rendering, pod, container);
        var arguments = container["args"]!.AsArray().Select(a => Local((string)a!)).ToArray();
        var environment = new Dictionary<string, string>();
        foreach (var variable in container["env"] as JsonArray ?? [])
        {
            var value = (string?)variable!["value"] ?? FieldOf((string)variable["valueFrom"]!["fieldRef"]!["fieldPath"]!);
            environment[(string)variable["name"]!] = Reference().Replace(value, m => environment[m.Groups[1].Value]);
        }

        return CommandLine.RunInAsync(environment, [.. arguments, "--print-config"]);
    }

    private static string FieldOf(string path) => path switch
    {
        "metadata.name" => "pico-0",
        "metadata.namespace" => Helm.Namespace,
        "metadata.uid" => "00000000-0000-0000-0000-000000000001",
        "spec.nodeName" => "machine-1",
        "status.podIP" => "10.0.0.1",
        _ => throw new InvalidOperationException($"The test does not know the field {path}."),
    };

    private void PutConfigMaps(Rendering rendering, PodTemplate pod, JsonNode container)
    {
        foreach (var mount in container["volumeMounts"] as JsonArray ?? [])
        {
            var volume = pod.Spec["volumes"]!.AsArray().Single(v => (string?)v!["name"] == (string?)mount!["name"])!;
            if ((string?)volume["configMap"]?["name"] is { } name && rendering.Of("ConfigMap").SingleOrDefault(m => m.Name == name) is { } map)
            {
                foreach (var (key, text) in map.Json["data"]!.AsObject())
                    Put((string?)mount!["subPath"] == key ? (string)mount["mountPath"]! : $"{mount!["mountPath"]}/{key}", Local((string)text!));
            }
        }
    }

    // A path of a volume becomes one below the test's folder, where there is such a file.
    private string Local(string text) => MountedFile().Replace(text, match =>
    {
        var path = _root.FullName + match.Value;
        if (!File.Exists(path))
            Put(match.Value, Path.GetFileName(path) switch { "tls.crt" => Certificate.Value.Certificate, "tls.key" => Certificate.Value.Key, _ => "" });
        return path;
    });

    private static (string Certificate, string Key) MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=pico", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private void Put(string path, string text)
    {
        var file = _root.FullName + path;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    [GeneratedRegex(@"(?<=^|[\s=""'\[,])/(etc|var)/[^\s,""'\]]+")]
    private static partial Regex MountedFile();

    [GeneratedRegex(@"\$\((\w+)\)")]
    private static partial Regex Reference();
}
