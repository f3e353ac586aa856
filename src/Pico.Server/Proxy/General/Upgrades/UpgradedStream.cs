using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Pico.Server.Observing;
using Pico.Server.Proxy.Wire;
using Pico.Tunnel;

namespace Pico.Server.Proxy.General.Upgrades;

/// <summary>Accepts the client's side of an upgrade and moves bytes both ways until both have ended.</summary>
internal static class UpgradedStream
{
    private const int BufferSize = 16 * 1024;

    /// <summary>Makes the service's 101 the client's answer; for extended CONNECT that is 200, without what only HTTP/1.1 has.</summary>
    public static void Apply(HttpContext context, UpgradeRequest upgrade, in ResponseHead response, ReadOnlySpan<byte> head, ReadOnlySpan<HeaderField> fields)
    {
        context.Response.StatusCode = upgrade.IsExtendedConnect ? StatusCodes.Status200OK : StatusCodes.Status101SwitchingProtocols;
        foreach (ref readonly var field in fields)
        {
            var name = Encoding.ASCII.GetString(field.Name(head));
            var forClient = field.Known == KnownHeader.Upgrade ? !upgrade.IsExtendedConnect
                : !HopByHop.IsDropped(field, response.Connection, head, fields)
                    && field.Known is not (KnownHeader.ContentLength or KnownHeader.PicoError)
                    && !(upgrade.IsExtendedConnect && name.Equals("Sec-WebSocket-Accept", StringComparison.OrdinalIgnoreCase));
            if (forClient)
                context.Response.Headers.Append(name, Encoding.Latin1.GetString(field.Value(head)));
        }
    }

    /// <summary>Runs the stream to its end, with the service's side in <paramref name="stream"/>.</summary>
    public static async Task<ForwardResult> RunAsync(HttpContext context, UpgradeRequest upgrade, TunnelStream stream, ExchangeClock clock, RequestWatch? watch)
    {
        clock.Upgraded();
        var client = upgrade.IsExtendedConnect
            ? await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync()
            : await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();

        // 1 The client may end its direction and still listen. 2 When the service has ended, nobody is left who could hear the client.
        var sending = SendAsync(client, stream, clock, watch);
        try
        {
            await ReceiveAsync(client, stream, clock, watch); // 2
        }
        catch (Exception exception)
        {
            clock.Fail(exception is StreamException ? ProxyError.UpstreamUnreachable : ProxyError.ClientGone);
        }

        clock.Stop();
        await sending;
        return new(clock.Reason, "The upgraded stream broke.", IsUpgraded: true);
    }

    private static async Task SendAsync(Stream client, TunnelStream stream, ExchangeClock clock, RequestWatch? watch)
    {
        // No buffer is held while the client is silent.
        var input = PipeReader.Create(client, new StreamPipeReaderOptions(bufferSize: BufferSize, leaveOpen: true, useZeroByteReads: true));
        try
        {
            ReadResult result;
            do
            {
                result = await input.ReadAsync(clock.Token);
                clock.Touch();
                await stream.WriteAsync(result.Buffer, clock.Token);
                watch?.AddIn(result.Buffer.Length);
                input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted);

            stream.CompleteOutput(); // 1
        }
        catch (Exception exception)
        {
            clock.Fail(exception is StreamException ? ProxyError.UpstreamUnreachable : ProxyError.ClientGone);
        }
        finally
        {
            await input.CompleteAsync();
        }
    }

    private static async Task ReceiveAsync(Stream client, TunnelStream stream, ExchangeClock clock, RequestWatch? watch)
    {
        while (true)
        {
            var result = await stream.Input.ReadAsync(clock.Token);
            clock.Touch();
            foreach (var segment in result.Buffer)
                await client.WriteAsync(segment, clock.Token);
            if (!result.Buffer.IsEmpty)
                await client.FlushAsync(clock.Token);
            watch?.AddOut(result.Buffer.Length);
            stream.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
        }
    }
}
