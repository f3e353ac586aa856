namespace Pico.IntegrationTests.Fixtures;

/// <summary>nginx with a configuration of the test's own.</summary>
internal sealed class NginxService : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly BackgroundProcess _process;

    private NginxService(TempFolder folder, BackgroundProcess process, int port)
    {
        _folder = folder;
        _process = process;
        Port = port;
    }

    /// <summary>The port that it listens on.</summary>
    public int Port { get; }

    /// <summary>Starts nginx; <paramref name="server"/> is the inside of its <c>server</c> block, <paramref name="prepare"/> fills its document root.</summary>
    public static async Task<NginxService> StartAsync(string server, Action<TempFolder>? prepare = null, CertificateFiles? tls = null)
    {
        var program = Tool.Nginx.Require();
        var folder = new TempFolder();
        var port = Ports.Free();
        prepare?.Invoke(folder);
        var ssl = tls is null ? "" : $"ssl; ssl_certificate {tls.Certificate}; ssl_certificate_key {tls.Key}";
        var configuration = folder.Write("nginx.conf", $$"""
            daemon off; master_process off; pid {{folder.Path}}/nginx.pid; error_log stderr;
            events { worker_connections 2048; }
            http {
              access_log off; root {{folder.Path}}; client_max_body_size 0; server_tokens off; keepalive_requests 1000000;
              client_body_temp_path {{folder.Path}}/b; proxy_temp_path {{folder.Path}}/p; fastcgi_temp_path {{folder.Path}}/f; uwsgi_temp_path {{folder.Path}}/u; scgi_temp_path {{folder.Path}}/s;
              server { listen 127.0.0.1:{{port}} {{ssl}}; {{server}} }
            }
            """);
        var process = BackgroundProcess.Start(program, ["-p", folder.Path, "-c", configuration, "-e", "stderr"]);
        await process.WaitUntilAsync("nginx listens", () => TcpProbe.Listens(port));
        return new(folder, process, port);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
