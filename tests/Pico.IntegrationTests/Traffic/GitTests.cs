using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Traffic;

/// <summary>git's smart HTTP, served by git http-backend.</summary>
public sealed class GitTests(SharedServer shared)
{
    private static readonly Dictionary<string, string> Identity = new()
    {
        ["GIT_CONFIG_NOSYSTEM"] = "1",
        ["GIT_AUTHOR_NAME"] = "Test",
        ["GIT_AUTHOR_EMAIL"] = "test@pico.example",
        ["GIT_COMMITTER_NAME"] = "Test",
        ["GIT_COMMITTER_EMAIL"] = "test@pico.example",
        ["GIT_TERMINAL_PROMPT"] = "0",
    };

    [Fact(Timeout = 120_000)]
    public async Task CloneAndPush_OverSmartHttp_MoveEveryCommit()
    {
        using var folder = new TempFolder();
        var repository = folder.File("project.git");
        await GitAsync(folder.Path, "init", "--bare", "-b", "main", repository);
        await GitAsync(folder.Path, "-C", repository, "config", "http.receivepack", "true");
        await using var service = await WebService.StartAsync(app => app.Run(context => RunBackendAsync(context, folder.Path)));
        await using var web = await shared.ExposeAsync(service.Port);
        string[] header = ["-c", $"http.extraHeader={web.Header}", "-c", "http.postBuffer=65536"];

        await GitAsync(folder.Path, [.. header, "clone", web.Url("/project.git"), "first"]);
        var content = new byte[3_000_000];
        new Random(2).NextBytes(content);
        await File.WriteAllBytesAsync(folder.File("first/large"), content, TestContext.Current.CancellationToken);
        await GitAsync(folder.File("first"), "add", ".");
        await GitAsync(folder.File("first"), "commit", "-m", "A large file");
        await GitAsync(folder.File("first"), [.. header, "push", "origin", "HEAD:main"]);
        await GitAsync(folder.Path, [.. header, "clone", "-b", "main", web.Url("/project.git"), "second"]);

        Assert.Equal(content, await File.ReadAllBytesAsync(folder.File("second/large"), TestContext.Current.CancellationToken));
        await GitAsync(folder.File("second"), "fsck", "--strict");
    }

    private static async Task<CommandResult> GitAsync(string folder, params string[] arguments) =>
        (await new Command(Tool.Git, arguments) { WorkingDirectory = folder, Environment = Identity }.RunAsync()).Succeeded();

    // RFC 3875, as much of it as git http-backend needs.
    private static async Task RunBackendAsync(HttpContext context, string root)
    {
        var request = context.Request;
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, context.RequestAborted);
        var environment = new Dictionary<string, string>(Identity)
        {
            ["GIT_PROJECT_ROOT"] = root,
            ["GIT_HTTP_EXPORT_ALL"] = "1",
            ["REQUEST_METHOD"] = request.Method,
            ["PATH_INFO"] = request.Path,
            ["QUERY_STRING"] = request.QueryString.Value!.TrimStart('?'),
            ["CONTENT_TYPE"] = request.ContentType ?? "",
            ["CONTENT_LENGTH"] = $"{body.Length}",
            ["REMOTE_ADDR"] = "127.0.0.1",
            ["REMOTE_USER"] = "test",
            ["GIT_PROTOCOL"] = request.Headers["Git-Protocol"].ToString(),
            ["HTTP_CONTENT_ENCODING"] = request.Headers.ContentEncoding.ToString(),
        };
        var result = (await new Command(Tool.Git, "http-backend")
        {
            Environment = environment,
            Input = stream => stream.WriteAsync(body.ToArray()).AsTask(),
        }.RunAsync()).Succeeded();

        var end = result.Output.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var line in Encoding.Latin1.GetString(result.Output, 0, end).Split("\r\n"))
        {
            var parts = line.Split(':', 2);
            if (parts[0].Equals("Status", StringComparison.OrdinalIgnoreCase))
                context.Response.StatusCode = int.Parse(parts[1].Trim().Split(' ')[0]);
            else
                context.Response.Headers.Append(parts[0], parts[1].Trim());
        }

        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.Body.WriteAsync(result.Output.AsMemory(end + 4), context.RequestAborted);
    }
}
