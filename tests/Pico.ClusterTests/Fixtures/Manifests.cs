namespace Pico.ClusterTests.Fixtures;

/// <summary>What the scenarios apply.</summary>
internal static class Manifests
{
    /// <summary>A Deployment of the test service, labelled <c>app: NAME</c>, on port 8080 and 8081.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="annotations">Of its pods, such as <c>pico.dev/inject: "true"</c>, as a flow mapping's content.</param>
    /// <param name="replicas">How many pods.</param>
    /// <param name="notOn">A node that takes none of them.</param>
    public static string Service(string name, string annotations, int replicas = 1, string notOn = "none") =>
        $$$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{{name}}}}
        spec:
          replicas: {{{replicas}}}
          selector: {matchLabels: {app: {{{name}}}}}
          template:
            metadata:
              labels: {app: {{{name}}}}
              annotations: { {{{annotations}}} }
            spec:
              affinity:
                nodeAffinity:
                  requiredDuringSchedulingIgnoredDuringExecution:
                    nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: NotIn, values: [{{{notOn}}}]}]}]
              {{{Container.ReplaceLineEndings("\n      ")}}}
        """;

    /// <summary>The same pods, with a token for the API, which those of the test service have not.</summary>
    public static string WithApiToken(string manifest) =>
        manifest.Replace("automountServiceAccountToken: false", "automountServiceAccountToken: true", StringComparison.Ordinal);

    /// <summary>The container of the test service, as the content of a pod's spec.</summary>
    public static string Container { get; } =
        $$$"""
        automountServiceAccountToken: false
        containers:
          - name: service
            image: {{{Images.Service}}}
            imagePullPolicy: IfNotPresent
            env: [{name: PORTS, value: "8080,8081"}]
            ports: [{name: http, containerPort: 8080}]
            resources: {requests: {cpu: 100m}}
            readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1, timeoutSeconds: 5}
        """;

    /// <summary>A PicoEndpoint for pods <c>app: NAME</c>.</summary>
    public static string Endpoint(string name, string endpointId, string app, int port = 8080) =>
        $$$"""
        apiVersion: pico.dev/v1alpha1
        kind: PicoEndpoint
        metadata: {name: {{{name}}}}
        spec:
          endpointId: {{{endpointId}}}
          selector: {matchLabels: {app: {{{app}}}}}
          port: {{{port}}}
        """;

    /// <summary>A Secret with an agent's token.</summary>
    public static string Token(string name, string token) =>
        $$$"""
        apiVersion: v1
        kind: Secret
        metadata: {name: {{{name}}}}
        stringData: {pico-token: {{{token}}}}
        """;

    /// <summary>A PicoEndpoint for a Service.</summary>
    public static string ServiceEndpoint(string name, string endpointId, string service, string port) =>
        $$$"""
        apiVersion: pico.dev/v1alpha1
        kind: PicoEndpoint
        metadata: {name: {{{name}}}}
        spec:
          endpointId: {{{endpointId}}}
          serviceRef: {name: {{{service}}}, port: {{{port}}}}
        """;
}
