namespace Pico.Tests.Server;

/// <summary>A folder that goes with the test.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("pico-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
