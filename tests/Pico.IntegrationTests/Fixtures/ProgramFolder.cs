namespace Pico.IntegrationTests.Fixtures;

/// <summary>A folder in which <c>pico</c> and <c>pico-agent</c> are programs, for shells that find them by their names.</summary>
internal static class ProgramFolder
{
    /// <summary>Fills <paramref name="folder"/>, and gives the PATH that begins with it. Without a native agent, <c>pico-agent</c> is <c>pico</c>, which has the same verbs.</summary>
    public static string Fill(string folder)
    {
        Directory.CreateDirectory(folder);
        Write(Path.Combine(folder, "pico"), PicoProgram.Pico);
        Write(Path.Combine(folder, "pico-agent"), PicoProgram.NativeAgent is { } agent ? [agent] : PicoProgram.Pico);
        return $"{folder}:{Environment.GetEnvironmentVariable("PATH")}";
    }

    private static void Write(string path, IReadOnlyList<string> command)
    {
        File.WriteAllText(path, $"#!/bin/sh\nexec {string.Join(' ', command)} \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
