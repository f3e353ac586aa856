namespace Pico.Cli.Tokens;

/// <summary>Writes files that hold secrets: whole or not at all, readable by their owner alone, and never over another file unless that is asked for.</summary>
internal static class KeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ForAll = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>
    /// Writes <paramref name="text"/>. The file appears, or is replaced, at once, so that who reads it at the same time sees no half of it. Throws
    /// <see cref="IOException"/> when it exists and <paramref name="replace"/> is false.
    /// </summary>
    public static async Task WriteAsync(string path, string text, bool isSecret, bool replace, CancellationToken cancellationToken)
    {
        ThrowIfExists(path, replace);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var draft = Path.Combine(folder, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = isSecret ? OwnerOnly : ForAll;
            await using (var writer = new StreamWriter(draft, options))
                await writer.WriteAsync(text.AsMemory(), cancellationToken);
            File.Move(draft, path, overwrite: replace);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    /// <summary>Throws <see cref="IOException"/> that says what to do when the file exists and <paramref name="replace"/> is false.</summary>
    public static void ThrowIfExists(string path, bool replace)
    {
        if (!replace && Path.Exists(path))
            throw new IOException($"{path} exists; --force replaces it");
    }
}
