using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Extensions;

namespace Pico.Tests.Kubernetes;

/// <summary>A <see cref="FakeApiServer"/> on a port of loopback, and a kubeconfig file that leads there.</summary>
internal sealed class FakeApiPort : IAsyncDisposable
{
    private readonly WebApplication _web;

    private FakeApiPort(WebApplication web, string kubeConfig) => (_web, KubeConfig) = (web, kubeConfig);

    /// <summary>The kubeconfig's content; its context is in the namespace <c>pico</c>.</summary>
    public string KubeConfig { get; }

    public static async Task<FakeApiPort> StartAsync(FakeApiServer api)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var invoker = new HttpMessageInvoker(api, disposeHandler: false);
        web.Run(async context =>
        {
            using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), context.Request.GetEncodedUrl());
            if (context.Request.ContentLength > 0)
                request.Content = new StreamContent(context.Request.Body);
            using var response = await invoker.SendAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            await context.Response.StartAsync();
            await (await response.Content.ReadAsStreamAsync(context.RequestAborted)).CopyToAsync(context.Response.Body, context.RequestAborted);
        });
        await web.StartAsync(TestContext.Current.CancellationToken);
        return new FakeApiPort(web, $$$"""
            {"apiVersion": "v1", "kind": "Config", "current-context": "test",
             "clusters": [{"name": "test", "cluster": {"server": "{{{web.Urls.First()}}}"}}],
             "users": [{"name": "test", "user": {"token": "secret"}}],
             "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": "pico"}}]}
            """);
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
