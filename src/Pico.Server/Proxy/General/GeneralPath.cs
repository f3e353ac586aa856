using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Pico.Server.Admin.Metrics;
using Pico.Server.Auth;
using Pico.Server.Hosting;
using Pico.Server.Limits;
using Pico.Server.Observing;
using Pico.Server.Proxy.Access;
using Pico.Server.Proxy.Errors;
using Pico.Server.Proxy.General.H2c;
using Pico.Server.Proxy.General.Http1;
using Pico.Server.Proxy.Routing;
using Pico.Server.Upstreams;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Proxy.General;

/// <summary>
/// The way of every request that Kestrel has parsed (all of HTTP/2, and HTTP/1.1 that the lean path handed over):
/// <code>
///   HttpContext ─1▶ token ─2▶ endpoint, within the limits ─3▶ Http: own HTTP/1.1 client on streams
///                                                          └▶ H2C:  YARP on streams
///                                                          └▶ Tcp:  421
///               ◀─4 problem details, or, if the response has begun, an abort
/// </code>
/// </summary>
internal sealed partial class GeneralPath(
    ClientAccess access, EndpointFinder endpoints, Http1Forwarder http1, H2cForwarder h2c, RequestObserver observer, NodeLifecycle lifecycle, TimeProvider time,
    ILogger<GeneralPath> logger)
{
    /// <summary>Serves one request; the end of the pipeline.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var startedAt = time.GetTimestamp();
        observer.Metrics.RequestStarted();
        var watch = ContextObservation.Begin(context, observer);
        // So clients of a node that drains come by new connections, and those tell whether it is still chosen.
        if (lifecycle.IsDraining && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
            lifecycle.NoteClient();
        }

        EndpointUpstreams? endpoint = null;
        var (error, token) = await AdmitAsync(context); // 1
        if (error == ProxyError.None)
            error = endpoints.Find(context.Request.Headers, token.Token!, out endpoint); // 2
        var permit = default(RequestPermit);
        if (error == ProxyError.None)
            error = FitsBody(context) ? Enter(context, endpoint!, out permit) : ProxyError.BodyTooLarge;
        var result = error == ProxyError.None ? await ForwardAsync(context, endpoint!, watch) : new ForwardResult(error, token.Reason);
        permit.Exit();
        var status = context.Response.StatusCode;
        if (result.Error != ProxyError.None)
            status = await FailAsync(context, endpoint?.EndpointId ?? "", result, token); // 4

        watch?.Measure();
        observer.Metrics.RequestEnded(new RequestOutcome(endpoint?.EndpointId ?? "", status, result.Error, startedAt, result.IsUpgraded, endpoint?.Traffic, result.HeadAt));
        watch?.End(endpoint?.EndpointId ?? "", status, result.Error, result.IsUpgraded);
    }

    private async ValueTask<(ProxyError Error, TokenResult Token)> AdmitAsync(HttpContext context)
    {
        if (RequestDoubts.Has(context.Request))
            return (ProxyError.BadRequest, default);

        try
        {
            var token = await access.AdmitAsync(context);
            return (ClientAccess.ErrorOf(token), token);
        }
        catch (OperationCanceledException)
        {
            return (ProxyError.ClientGone, default);
        }
    }

    // A body whose length is not known is cut off by Kestrel when it is too long; the stream of an extended CONNECT is none.
    private bool FitsBody(HttpContext context)
    {
        if (access.Limits.MaxBodySize is not { } most || HttpMethods.IsConnect(context.Request.Method))
            return true;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
            feature.MaxRequestBodySize = most;
        return !(context.Request.ContentLength > most);
    }

    private ProxyError Enter(HttpContext context, EndpointUpstreams endpoint, out RequestPermit permit)
    {
        var connection = context.Features.Get<ConnectionClient>();
        IPAddress? client = access.Limits.ProxiesToAsk(connection) is { } proxies ? ContextObservation.FindClient(context, proxies) : null;
        return access.Limits.TryEnter(endpoint, connection, client, out permit);
    }

    private Task<ForwardResult> ForwardAsync(HttpContext context, EndpointUpstreams endpoint, RequestWatch? watch) => endpoint.Protocol switch // 3
    {
        EndpointProtocol.Http => http1.ForwardAsync(context, endpoint, watch),
        EndpointProtocol.H2C => h2c.ForwardAsync(context, endpoint, watch),
        _ => Task.FromResult(new ForwardResult(ProxyError.ProtocolMismatch)),
    };

    /// <summary>Tells the client what went wrong; gives the status that counts.</summary>
    private async Task<int> FailAsync(HttpContext context, string endpointId, ForwardResult result, TokenResult token)
    {
        access.Limits.CountSize(result.Error, null);
        LogFailed(context.TraceIdentifier, endpointId, ProxyErrors.Code(result.Error), result.Detail);
        if (context.Response.HasStarted)
        {
            // Never ended as if complete.
            context.Abort();
            return context.Response.StatusCode;
        }

        if (result.Error == ProxyError.ClientGone)
        {
            context.Abort();
            return ProxyErrors.Status(ProxyError.ClientGone);
        }

        try
        {
            await ProblemResponse.WriteAsync(context, result.Error, token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client is gone meanwhile.
        }

        return ProxyErrors.Status(result.Error);
    }

    [LoggerMessage(2120, LogLevel.Debug, "Request {RequestId} for endpoint '{EndpointId}' failed: {Error}. {Detail}")]
    private partial void LogFailed(string requestId, string endpointId, string error, string detail);
}
