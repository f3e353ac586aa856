using System.Security.Authentication;
using System.Text;
using Pico.Agent.Dialing;
using Pico.Cli.Bench;
using Pico.Cli.Settings;
using Pico.Configuration.Commands;
using Pico.Tunnel;

namespace Pico.Cli.Verbs;

/// <summary><c>pico bench</c>: how an endpoint does under load, through a server's proxy port.</summary>
internal static class BenchVerb
{
    public static Verb Create() => new Verb<BenchSettings>(
        new VerbText
        {
            Name = "bench",
            Summary = "Load an endpoint through a server, and print latencies and what failed.",
            Details =
                "Sends requests to an endpoint through the proxy port of a server, and prints latency percentiles, requests and bytes a second, statuses and Pico's error codes. These are real requests: the service "
                + "carries them out, so ask for what changes nothing there. Ctrl-C ends it and prints what was measured so far. The exit code is 0 if every request was answered with a status below 400, 1 if one was not, "
                + "and 2 if the command line is wrong.",
            Examples =
            [
                ("Ten connections for ten seconds, as fast as answers come, to the server on this machine", "pico bench my-endpoint"),
                ("What do users wait at 500 requests a second?", "pico bench my-endpoint --rate 500 --connections 50 --duration 1m"),
                ("Ten thousand posts through TLS with a token, for a program", "pico bench my-endpoint --server https://pico.example.com --token-file token --requests 10000 --body-file order.json --header 'Content-Type: application/json' --output json"),
            ],
            Docs = StatusVerb.Docs,
        },
        BenchSettings.Definitions,
        RunAsync)
        .Argument("endpoint", StatusCheckSettings.Endpoint, s => s.Endpoint, (s, v) => s.Endpoint = v, "The endpoint.");

    private static async Task<int> RunAsync(BenchSettings settings, VerbContext context)
    {
        var senders = new List<HttpSender>();
        try
        {
            var token = settings.Token.Length > 0 ? settings.Token : await new TokenSource(settings.TokenFile).ReadAsync(context.Stopping);
            var body = settings.BodyFile.Length > 0 ? await File.ReadAllBytesAsync(settings.BodyFile, context.Stopping) : Encoding.UTF8.GetBytes(settings.Body);
            while (senders.Count < settings.Connections)
                senders.Add(new HttpSender(settings, token, body));
            await context.Error.WriteLineAsync(
                $"This is real load: {settings.MethodInEffect} {settings.Path} to the endpoint {settings.Endpoint} at {settings.Server}, {settings.Connections} at once, "
                + $"{(settings.Requests > 0 ? $"{settings.Requests} times" : $"for {settings.Duration.TotalSeconds} s")}. Ctrl-C ends it.");
            var pace = new Pace(settings.Rate, settings.Requests, settings.Duration, TimeProvider.System);
            var result = await BenchProgress.ShowAsync(new BenchRun(pace, TimeProvider.System).RunAsync(senders, context.Stopping), pace, context.Error);
            if (settings.IsJson)
                BenchText.WriteJson(context.Out, settings, result);
            else
                BenchText.Write(context.Out, settings, result);
            return result.Failed == 0 ? ExitCode.Clean : ExitCode.Failure;
        }
        catch (Exception e) when (e is AuthenticationException or TunnelException)
        {
            return context.Fail(e.Message);
        }
        finally
        {
            senders.ForEach(s => s.Dispose());
        }
    }
}
