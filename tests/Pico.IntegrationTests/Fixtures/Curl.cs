using System.Text;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>Runs curl and reads what it got: the body, and the heads and trailers as the server sent them.</summary>
internal static class Curl
{
    /// <summary>Runs curl with <paramref name="arguments"/>, its input and output given or in memory.</summary>
    public static async Task<CurlResponse> RunAsync(string[] arguments, Func<Stream, Task>? input = null, Func<Stream, Task>? output = null)
    {
        using var folder = new TempFolder();
        var heads = folder.Write("heads", "");
        var command = new Command(Tool.Curl, ["-sS", "--noproxy", "*", "--dump-header", heads, .. arguments])
        {
            Input = input ?? (_ => Task.CompletedTask),
            Output = output,
            Timeout = TimeSpan.FromSeconds(150),
        };
        var result = await command.RunAsync();
        return new(result.ExitCode, result.Output, result.Error, await File.ReadAllTextAsync(heads, Encoding.Latin1, TestContext.Current.CancellationToken));
    }
}

/// <summary>What curl got. <see cref="Heads"/> holds every head in order (1xx too), then the trailers.</summary>
internal sealed record CurlResponse(int ExitCode, byte[] Body, string Error, string Heads)
{
    /// <summary>The status of the last response; 0 if there was none.</summary>
    public int Status => Heads.Split("\r\n").LastOrDefault(l => l.StartsWith("HTTP/", StringComparison.Ordinal)) is { } line ? int.Parse(line.Split(' ')[1]) : 0;

    /// <summary>The body as text.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>Every value of a header, of all heads and trailers.</summary>
    public string[] Header(string name) => [.. Heads.Split("\r\n")
        .Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(l => l[(name.Length + 1)..].Trim())];

    /// <summary>This response, if curl took it for complete and its status is <paramref name="status"/>.</summary>
    public CurlResponse Succeeded(int status = 200)
    {
        Assert.True(ExitCode == 0 && Status == status, $"curl ended with {ExitCode}, status {Status}.\n{Error}\n{Beginning(Heads)}\n{Beginning(Text)}");
        return this;
    }

    /// <summary>Fails unless this is Pico's own error, as problem details with its code.</summary>
    public void IsPicoError(int status, string code)
    {
        Succeeded(status);
        Assert.Equal([code], Header("x-pico-error"));
        Assert.Equal(["application/problem+json"], Header("content-type"));
        Assert.Contains(code, Text, StringComparison.Ordinal);
    }

    private static string Beginning(string text) => text.Length <= 1_000 ? text : text[..1_000] + "…";
}
