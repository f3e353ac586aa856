using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Pico.TestService.Load;

/// <summary>
/// How tests drive the load, from outside of the cluster:
/// <code>
///   POST   /runs/NAME?endpoint=&amp;rate=&amp;through=
///                                     begins to send requests to an endpoint, so many a second, through the ready servers; through one address instead, by a new connection each
///   GET    /runs/NAME                 what has become of them
///   DELETE /runs/NAME                 begins no more
/// </code>
/// </summary>
/// <param name="service">The Service of the servers, as NAMESPACE/NAME.</param>
internal sealed class LoadPages(string service) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, LoadRun> _runs = new(StringComparer.Ordinal);
    private readonly ReadyServers _servers = new(service);

    public async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        if (!request.Path.StartsWithSegments("/runs", StringComparison.Ordinal))
            return; // the readiness probe

        var name = request.Path.Value!["/runs/".Length..];
        if (request.Method == "POST")
        {
            string[] through = request.Query["through"] is [{ Length: > 0 } address] ? [address] : [];
            _runs[name] = new LoadRun(
                request.Query["endpoint"]!, int.Parse(request.Query["rate"]!, CultureInfo.InvariantCulture), through.Length > 0 ? () => through : () => _servers.Current, through.Length == 0);
        }
        else if (request.Method == "DELETE")
            _ = _runs[name].StopAsync();
        await context.Response.WriteAsJsonAsync(_runs[name].Report(), context.RequestAborted);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var run in _runs.Values)
            await run.DisposeAsync();
        await _servers.DisposeAsync();
    }
}
