using System.Net;
using Pico.ClusterTests.Fixtures;

namespace Pico.ClusterTests.Scenarios;

/// <summary>Services that are served by agents of the controller's.</summary>
[Collection(nameof(Alone))]
public sealed class ServiceRefTests(PicoRelease pico)
{
    private static readonly TimeSpan AgentStarts = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task ServiceRef_FromApplyToDeletion_ReachesTheServiceFollowsChangesAndLeavesNothing()
    {
        await using var scene = await pico.CreateNamespaceAsync();
        var id = scene.Endpoint("web");
        await scene.DeployAsync(Manifests.Service("web", ""), "web");
        await scene.ApplyAsync(Service);

        await scene.ApplyAsync(Manifests.ServiceEndpoint("web", id, "web", "http"));
        await scene.UntilAllAnswerAsync(id, AgentStarts, IsFrom(8080));
        var pep = await scene.Kubectl.UntilAsync("it is ready", scene.Name, "pep/web", AgentStarts, pep => Conditions.IsTrue(pep, "Ready"));
        Assert.Equal("1/1", pep["status"]!["agents"]!.GetValue<string>());
        Assert.DoesNotContain("pico-agent", (await scene.Kubectl.ListAsync(scene.Name, "pods -l app=web"))[0]["spec"]!.ToJsonString(), StringComparison.Ordinal);

        // Another port of the Service, then more agents. At once, Kubernetes would start a second agent of the old form and end it in the same second, which a kubelet before 1.22 may notice
        // a minute and a half later: until then it serves the old port.
        await scene.ApplyAsync(Manifests.ServiceEndpoint("web", id, "web", "9091"));
        await scene.UntilAllAnswerAsync(id, AgentStarts, IsFrom(8081));
        await scene.ApplyAsync(Manifests.ServiceEndpoint("web", id, "web", "9091") + "\n  replicas: 2");
        await scene.Kubectl.UntilAsync("both agents are ready", scene.Name, "pep/web", AgentStarts, p => p["status"]?["agents"]?.GetValue<string>() == "2/2");

        // A Service that is not there yet.
        await scene.ApplyAsync(Manifests.ServiceEndpoint("web", id, "elsewhere", "http"));
        var missing = await scene.Kubectl.UntilAsync("it says so", scene.Name, "pep/web", AgentStarts, p => Conditions.IsFalse(p, "Programmed", "ServiceNotFound"));
        Assert.Contains("elsewhere", Conditions.Find(missing, "Programmed")!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        await scene.ApplyAsync(Service.Replace("name: web", "name: elsewhere", StringComparison.Ordinal));
        await scene.Kubectl.UntilAsync("it is programmed", scene.Name, "pep/web", AgentStarts, p => Conditions.IsTrue(p, "Programmed"));
        await scene.UntilAllAnswerAsync(id, AgentStarts, IsFrom(8080));

        await scene.Kubectl.RunAsync("delete", "pep/web", "--namespace", scene.Name);
        await scene.UntilNoneServesAsync(id, AgentStarts);
        foreach (var what in (string[])["deployment/pico-agent-web", "serviceaccount/pico-agent-web"])
            await scene.Kubectl.UntilGoneAsync(scene.Name, what, AgentStarts);
    }

    private static Func<HttpStatusCode, string, bool> IsFrom(int port) =>
        (status, body) => status == HttpStatusCode.OK && body.Contains($":{port} ", StringComparison.Ordinal);

    private static string Service =>
        """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          selector: {app: web}
          ports:
            - {name: http, port: 80, targetPort: 8080}
            - {name: other, port: 9091, targetPort: 8081}
        """;
}
