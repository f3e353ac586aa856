using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Pico.Server.Admin.Status;
using Pico.Server.Hosting;

namespace Pico.Server.Admin.Api;

/// <summary>What the Admin API answers: something to write as JSON, or a problem.</summary>
internal sealed record AdminAnswer
{
    private AdminAnswer()
    {
    }

    /// <summary>The HTTP status.</summary>
    public int Status { get; private init; } = StatusCodes.Status200OK;

    /// <summary>What is written; null if it is <see cref="Raw"/> or a problem.</summary>
    public object? Body { get; private init; }

    /// <summary>JSON that another node has written already, on one line.</summary>
    public ReadOnlyMemory<byte> Raw { get; private init; }

    /// <summary>The problem; null if there is none.</summary>
    public ProblemBody? Problem { get; private init; }

    public static AdminAnswer Of(object body) => new() { Body = body };

    public static AdminAnswer OfJson(ReadOnlyMemory<byte> json) => new() { Raw = json };

    public static AdminAnswer OfProblem(int status, string code, string detail) => new() { Status = status, Problem = new ProblemBody(code, status, detail, code) };

    /// <summary>As JSON on one line, UTF-8.</summary>
    public ReadOnlyMemory<byte> ToLine() => this switch
    {
        { Problem: { } problem } => JsonSerializer.SerializeToUtf8Bytes(problem, ProblemJsonContext.Default.ProblemBody),
        { Body: { } body } => JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), StatusJson.Compact),
        _ => Raw,
    };
}
