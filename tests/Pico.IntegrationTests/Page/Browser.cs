using Microsoft.Playwright;
using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Page;

/// <summary>The distribution's Chromium, without a window; nothing is downloaded. One for all tests of a class.</summary>
public sealed class Browser : IAsyncLifetime
{
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        var program = Tool.Chromium.Require();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, ChromiumSandbox = false });
    }

    /// <summary>Opens the status page of a server.</summary>
    internal async Task<StatusPage> OpenAsync(Uri admin, ColorScheme scheme = ColorScheme.Light, int width = 1440, int height = 1000)
    {
        var context = await _browser!.NewContextAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = height } });
        return await StatusPage.OpenAsync(await context.NewPageAsync(), admin);
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
