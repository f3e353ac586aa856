using Microsoft.Extensions.Logging;

namespace Pico.Kubernetes.Injecting.Certificates;

/// <summary>A certificate that is given in files, and exchanged there (cert-manager does so): read every few seconds.</summary>
internal sealed partial class CertificateFiles(WebhookOptions options, ServingCertificate serving, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
            {
                try
                {
                    serving.Use(await File.ReadAllTextAsync(options.CertificateFile, stop), await File.ReadAllTextAsync(options.KeyFile, stop));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    LogUnreadable(options.CertificateFile, e.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
    }

    [LoggerMessage(6411, LogLevel.Warning, "The webhook's certificate in {File} cannot be read: {Reason}")]
    private partial void LogUnreadable(string file, string reason);
}
