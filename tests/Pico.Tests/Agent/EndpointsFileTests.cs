using System.Diagnostics;
using Pico.Agent.Endpoints;

namespace Pico.Tests.Agent;

/// <summary>The watched file, on a real file system.</summary>
public sealed class EndpointsFileTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("pico-").FullName;
    private readonly EndpointTable _table = new(TimeProvider.System);
    private readonly RecordingLogger _log = new();
    private readonly CancellationTokenSource _stop = new();

    private string FilePath => Path.Combine(_folder, "agent.yaml");

    [Fact]
    public async Task ChangedFile_TakesEffect_WithoutTouchingTheOthers()
    {
        await File.WriteAllTextAsync(FilePath, Yaml(("a", 1), ("b", 2)), TestContext.Current.CancellationToken);
        var watching = Start(out var errors);
        Assert.Empty(errors);
        var a = _table.Endpoints["a"];
        var changed = _table.Changed;

        Replace(Yaml(("a", 1), ("c", 3)));
        await changed.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(["a", "c"], _table.Endpoints.Keys.Order(StringComparer.Ordinal));
        Assert.Same(a, _table.Endpoints["a"]);
        await StopAsync(watching);
    }

    [Fact]
    public async Task LinkedFolder_ReplacedAtomically_TakesEffect()
    {
        // As the kubelet does it: agent.yaml → ..data/agent.yaml, ..data → ..1, and then ..data is renamed over.
        Write("..1", Yaml(("a", 1)));
        File.CreateSymbolicLink(Path.Combine(_folder, "..data"), "..1");
        File.CreateSymbolicLink(FilePath, Path.Combine("..data", "agent.yaml"));
        var watching = Start(out var errors);
        Assert.Empty(errors);
        var changed = _table.Changed;

        Write("..2", Yaml(("b", 2)));
        File.CreateSymbolicLink(Path.Combine(_folder, "..data_tmp"), "..2");
        // A link to a folder is no file to File.Move.
        using (var rename = Process.Start("mv", ["-T", Path.Combine(_folder, "..data_tmp"), Path.Combine(_folder, "..data")]))
            await rename.WaitForExitAsync(TestContext.Current.CancellationToken);
        await changed.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(["b"], _table.Endpoints.Keys);
        await StopAsync(watching);
    }

    [Fact]
    public async Task BrokenFile_IsReported_AndTheLastGoodOneStays()
    {
        Replace(Yaml(("a", 1)));
        var watching = Start(out _);

        Replace("endpoints:\n- id: a\n  colour: red\n");
        await _log.WaitForAsync("agent.yaml:3", Patience);
        Assert.Equal(["a"], _table.Endpoints.Keys);
        var changed = _table.Changed;
        Replace(Yaml(("b", 2)));
        await changed.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(["b"], _table.Endpoints.Keys);
        await StopAsync(watching);
    }

    [Fact]
    public async Task MissingFile_IsWaitedFor_AndStaysInForceWhenItGoesAway()
    {
        var watching = Start(out var errors);
        Assert.Empty(errors);
        Assert.Empty(_table.Endpoints);
        var changed = _table.Changed;

        Replace(Yaml(("a", 1)));
        await changed.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        File.Delete(FilePath);
        await _log.WaitForAsync("can no longer be read", Patience);

        Assert.Equal(["a"], _table.Endpoints.Keys);
        await StopAsync(watching);
    }

    [Fact]
    public void EndpointOfAFlag_InTheFileToo_IsRefused()
    {
        Replace(Yaml(("flag", 1)));

        Start(out var errors, new EndpointSpec { Id = "flag", Host = "localhost", Port = 9 });

        Assert.Contains("\"flag\" is given twice", Assert.Single(errors), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Yaml(params (string Id, int Port)[] endpoints) =>
        "endpoints:\n" + string.Concat(endpoints.Select(e => $"- id: {e.Id}\n  address: {e.Port}\n"));

    private Task Start(out IReadOnlyList<string> errors, params EndpointSpec[] fromFlags)
    {
        _table.Update(fromFlags);
        var file = new EndpointsFile(FilePath, "", _table, fromFlags, TimeProvider.System, _log);
        errors = file.Load();
        return file.WatchAsync(_stop.Token);
    }

    private async Task StopAsync(Task watching)
    {
        await _stop.CancelAsync();
        await watching;
    }

    private void Replace(string content)
    {
        File.WriteAllText(FilePath + ".new", content);
        File.Move(FilePath + ".new", FilePath, overwrite: true);
    }

    private void Write(string folder, string content) =>
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, folder)).FullName, "agent.yaml"), content);
}
