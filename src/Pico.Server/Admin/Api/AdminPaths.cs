using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pico.Server.Admin.Status;
using Pico.Server.Admin.Streaming;
using Pico.Server.Hosting;

namespace Pico.Server.Admin.Api;

/// <summary>The Admin API on the admin port: as JSON, or as a stream for whoever accepts <c>text/event-stream</c>.</summary>
internal static class AdminPaths
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Adds the paths of all resources.</summary>
    public static PathTable GetResources(this PathTable paths, AdminResources resources)
    {
        foreach (var resource in resources.All)
            _ = resource.IsNamed ? paths.GetBelow(resource.Prefix, AnswerAsync) : paths.Get(resource.Path, AnswerAsync);
        return paths;
    }

    /// <summary>Answers with the OpenAPI document.</summary>
    public static Task DescribeAsync(HttpContext context) => WriteAsync(context, context.RequestServices.GetRequiredService<OpenApiDocument>().Json);

    private static async Task AnswerAsync(HttpContext context)
    {
        if (EventStream.IsWanted(context.Request))
        {
            await context.RequestServices.GetRequiredService<LiveAnswers>().RunAsync(context);
            return;
        }

        var api = context.RequestServices.GetRequiredService<AdminApi>();
        var answer = await api.AskAsync(context.Request.Path.Value!, context.Request.QueryString.Value, context.RequestAborted);
        if (answer.Problem is { } problem)
        {
            if (problem.Status == StatusCodes.Status503ServiceUnavailable)
                context.Response.Headers.RetryAfter = "1";
            await Problem.WriteAsync(context, problem.Status, problem.Code, problem.Detail);
            return;
        }

        await WriteAsync(context, answer.Body is { } body ? JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), StatusJson.Default) : Indent(answer.Raw));
    }

    private static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> json)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = json.Length;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask();
    }

    private static ReadOnlyMemory<byte> Indent(ReadOnlyMemory<byte> line)
    {
        var indented = new System.Buffers.ArrayBufferWriter<byte>();
        using var document = JsonDocument.Parse(line);
        using (var writer = new Utf8JsonWriter(indented, Indented))
            document.RootElement.WriteTo(writer);
        return indented.WrittenMemory;
    }
}
