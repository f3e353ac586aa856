using System.Net;

namespace Pico.IntegrationTests.Fixtures;

/// <summary>Asks processes over HTTP how they are.</summary>
internal static class Readiness
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        UseProxy = false,
#pragma warning disable CA5359 // It is the test's own process, whatever certificate it shows.
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
#pragma warning restore CA5359
    });

    /// <summary>True if a GET of <paramref name="uri"/> is answered with 200.</summary>
    public static async Task<bool> IsOkAsync(Uri uri, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await Http.GetAsync(uri, cancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>The body of <paramref name="uri"/>, as text.</summary>
    public static Task<string> GetAsync(Uri uri) => Http.GetStringAsync(uri, TestContext.Current.CancellationToken);
}
