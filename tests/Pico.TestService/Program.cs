using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pico.TestService.Load;

// The service behind the endpoints of the cluster tests: tells which pod and port answered. /wait/MILLISECONDS answers after that time. It listens on every
// port of PORTS, and on SIGTERM finishes what runs. With the arguments "load NAMESPACE/SERVICE" it is a client instead, see LoadPages.
var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
var ports = (Environment.GetEnvironmentVariable("PORTS") ?? "8080").Split(',').Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
{
    foreach (var port in ports)
        kestrel.Listen(IPAddress.Any, port);
});
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMinutes(1));

await using var app = builder.Build();
await using var load = args is ["load", var service] ? new LoadPages(service) : null;
if (load is not null)
    app.Run(load.AnswerAsync);
else
    app.Run(AnswerAsync);
await app.RunAsync();

static async Task AnswerAsync(HttpContext context)
{
    var path = context.Request.Path.Value ?? "";
    if (path.StartsWith("/wait/", StringComparison.Ordinal))
        await Task.Delay(TimeSpan.FromMilliseconds(int.Parse(path["/wait/".Length..], CultureInfo.InvariantCulture)), TimeProvider.System, context.RequestAborted);
    context.Response.ContentType = "text/plain";
    await context.Response.WriteAsync($"{Environment.MachineName}:{context.Connection.LocalPort} {path}{context.Request.QueryString}\n", context.RequestAborted);
}
