using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Pico.Server.Admin.Api;
using Pico.Server.Admin.Events;
using Pico.Server.Admin.Status;
using Pico.Server.Auth;
using Pico.Server.Hosting;

namespace Pico.Server.Admin.Streaming;

/// <summary>
/// The Admin API as streams of server-sent events. A resource is looked at twice a second, and said when it is another than before (<c>status</c>); events are said when they happen
/// (<c>event</c>), from the one on that the client knows, with what was forgotten meanwhile (<c>missed</c>). What goes wrong on the way is said too (<c>problem</c>), and tried again.
/// </summary>
internal sealed class LiveAnswers(AdminApi api, EventLog events, NodeIdentity node, NodeLifecycle lifecycle, StreamSlots slots, TimeProvider time)
{
    /// <summary>Between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    // How many events a client that knows none is told of at first.
    private const int FirstEvents = 100;
    private const int EventsAtOnce = 200;

    /// <summary>Streams until the client goes, the node ends, or the client's token expires.</summary>
    public async Task RunAsync(HttpContext context)
    {
        if (!slots.TryEnter())
        {
            context.Response.Headers.RetryAfter = "10";
            await Problem.WriteAsync(
                context, StatusCodes.Status503ServiceUnavailable, "overloaded", $"{StreamSlots.Max} clients follow this node already, and it takes no more.");
            return;
        }

        // Each may fire while the others are disposed of: no timer calls into what is gone.
        using var expiry = new CancellationTokenSource(TimeLeft(context), time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifecycle.Stopped, expiry.Token);
        try
        {
            if (context.Request.Path.Value == AdminResources.EventsPath)
                await StreamEventsAsync(context, ends.Token);
            else
                await StreamResourceAsync(context, ends.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Over, one way or another.
        }
        finally
        {
            slots.Leave();
        }
    }

    private async Task StreamResourceAsync(HttpContext context, CancellationToken ends)
    {
        var (path, query) = (context.Request.Path.Value!, context.Request.QueryString.Value);
        var answer = await api.AskAsync(path, query, ends);
        if (answer.Problem is { } problem)
        {
            await Problem.WriteAsync(context, problem.Status, problem.Code, problem.Detail);
            return;
        }

        var stream = new EventStream(context, time);
        await stream.BeginAsync(ends);
        ReadOnlyMemory<byte> last = default;
        var saidAt = time.GetTimestamp();
        var pause = Interval;
        while (true)
        {
            var line = answer.ToLine();
            if (!line.Span.SequenceEqual(last.Span))
            {
                await stream.SendAsync(answer.Problem is null ? "status" : "problem", id: null, line, ends);
                (last, saidAt) = (line, time.GetTimestamp());
            }
            else if (time.GetElapsedTime(saidAt) >= EventStream.Heartbeat)
            {
                await stream.BeatAsync(ends);
                saidAt = time.GetTimestamp();
            }

            await Task.Delay(pause, time, ends);
            var askedAt = time.GetTimestamp();
            answer = await api.AskAsync(path, query, ends);
            pause = PauseAfter(time.GetElapsedTime(askedAt));
        }
    }

    // Who follows what is dear to look at, or what many look at, is told less often: looking is a twentieth of the time.
    private static TimeSpan PauseAfter(TimeSpan look) => look * 20 > Interval ? look * 20 : Interval;

    private async Task StreamEventsAsync(HttpContext context, CancellationToken ends)
    {
        var asked = QueryHelpers.ParseQuery(context.Request.QueryString.Value);
        var other = asked.TryGetValue(AdminParameter.Node.Name, out var name) && name.ToString() is { Length: > 0 } id && id != node.Id ? id : null;
        var after = context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } known ? known : asked.TryGetValue(AdminParameter.After.Name, out var from) ? from.ToString() : "";
        var answer = await api.AskAsync(AdminResources.EventsPath, Query(after, FirstEvents), ends);
        if (answer.Problem is { } problem)
        {
            await Problem.WriteAsync(context, problem.Status, problem.Code, problem.Detail);
            return;
        }

        var stream = new EventStream(context, time);
        await stream.BeginAsync(ends);
        var hadProblem = false;
        while (true)
        {
            if (answer.Problem is null)
                after = await TellAsync(stream, PageOf(answer), after, ends);
            else if (!hadProblem)
                await stream.SendAsync("problem", id: null, answer.ToLine(), ends);
            hadProblem = answer.Problem is not null;

            while (other is null && !await HappensAsync(after, ends))
                await stream.BeatAsync(ends);
            if (other is not null)
                await Task.Delay(Interval, time, ends);
            answer = await api.AskAsync(AdminResources.EventsPath, Query(after, EventsAtOnce), ends);
        }

        string Query(string last, int limit) => QueryHelpers.AddQueryString("", Parameters(other, last, limit));
    }

    private static Dictionary<string, string?> Parameters(string? other, string after, int limit)
    {
        var parameters = new Dictionary<string, string?> { [AdminParameter.Limit.Name] = $"{limit}" };
        if (other is not null)
            parameters[AdminParameter.Node.Name] = other;
        if (after.Length > 0)
            parameters[AdminParameter.After.Name] = after;
        return parameters;
    }

    private static EventPage PageOf(AdminAnswer answer) =>
        answer.Body as EventPage ?? JsonSerializer.Deserialize(answer.Raw.Span, StatusJson.Default.EventPage) ?? new EventPage([], 0);

    private static async Task<string> TellAsync(EventStream stream, EventPage page, string after, CancellationToken ends)
    {
        if (page.Missed > 0)
            await stream.SendAsync("missed", id: null, System.Text.Encoding.UTF8.GetBytes($"{{\"missed\":{page.Missed}}}"), ends);
        foreach (var each in page.Items)
        {
            await stream.SendAsync("event", each.Id, JsonSerializer.SerializeToUtf8Bytes(each, StatusJson.Compact.ServerEvent), ends);
            after = each.Id;
        }

        return after;
    }

    private async Task<bool> HappensAsync(string after, CancellationToken ends)
    {
        try
        {
            await events.WhenAfter(after.Length > 0 ? after : null).WaitAsync(EventStream.Heartbeat, time, ends);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private TimeSpan TimeLeft(HttpContext context)
    {
        if (context.Features.Get<VerifiedToken>()?.Expires is not { } expires)
            return Timeout.InfiniteTimeSpan;
        var left = expires - time.GetUtcNow();
        return left < TimeSpan.Zero ? TimeSpan.Zero : left > TimeSpan.FromDays(1) ? TimeSpan.FromDays(1) : left;
    }
}
