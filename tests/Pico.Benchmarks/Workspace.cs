namespace Pico.Benchmarks;

/// <summary>The folders of a run: the repository's root, its artifacts, and a temporary folder that goes with the run.</summary>
internal sealed class Workspace : IDisposable
{
    public Workspace()
    {
        Root = FindRoot();
        Artifacts = Directory.CreateDirectory(Path.Combine(Root, "artifacts")).FullName;
        Temporary = Directory.CreateTempSubdirectory("pico-bench-").FullName;
        // nginx's workers, which run as another user when started by root, must get in.
        File.SetUnixFileMode(Temporary, (UnixFileMode)0b111_101_101);
    }

    public string Root { get; }

    public string Artifacts { get; }

    public string Temporary { get; }

    /// <summary>Makes the files that the service serves, of random bytes, and gives their folder.</summary>
    public string CreateServiceFiles()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Temporary, "files")).FullName;
        var random = new Random(1);
        foreach (var scenario in Scenario.All)
        {
            var content = new byte[scenario.IsUpload ? 0 : scenario.Bytes];
            random.NextBytes(content);
            File.WriteAllBytes(folder + scenario.Path, content);
        }

        return folder;
    }

    public void Dispose() => Directory.Delete(Temporary, recursive: true);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Pico.K8s.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new BenchmarkException("Run the benchmarks from a checkout: no Pico.K8s.sln above " + AppContext.BaseDirectory + ".");
    }
}
