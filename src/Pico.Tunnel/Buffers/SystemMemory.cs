using System.Runtime.InteropServices;

namespace Pico.Tunnel.Buffers;

/// <summary>
/// Gives memory back that an array holds but nobody needs. To let go of the array would not: pinned ones lie side by side, and the garbage collector gives back only
/// what no array is left in.
/// </summary>
internal static class SystemMemory
{
    private const int DontNeed = 4; // MADV_DONTNEED: the pages are zeros, without memory until they are touched

    /// <summary>
    /// The whole pages within <paramref name="pinned"/>, whose bytes are lost. Where the system has no such thing they stay as they are.
    /// </summary>
    public static void GiveBack(byte[] pinned)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var page = (nint)Environment.SystemPageSize;
        var start = Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);
        var end = (start + pinned.Length) / page * page;
        start = (start + page - 1) / page * page;
        // What it returns is of no interest: memory that is not given back is memory that is kept.
        if (end > start)
            _ = MAdvise(start, (nuint)(end - start), DontNeed);
    }

    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int MAdvise(nint address, nuint length, int advice);
}
