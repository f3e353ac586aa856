namespace Pico.Tests;

/// <summary>Finds the checkout that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Pico.K8s.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No Pico.K8s.sln above {AppContext.BaseDirectory}.");
    }
}
