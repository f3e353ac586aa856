using System.Globalization;

namespace Pico.Kubernetes.Resources;

/// <summary>The API server's version, of <c>/version</c>. Clouds write the minor with a suffix, such as <c>29+</c>.</summary>
internal readonly record struct ServerVersion(int Major, int Minor) : IComparable<ServerVersion>
{
    /// <summary>From here on an init container with <c>restartPolicy: Always</c> is a sidecar (the feature is on by default).</summary>
    public static readonly ServerVersion NativeSidecars = new(1, 29);

    /// <summary>From here on an eviction is asked for in <c>policy/v1</c>; before, in <c>policy/v1beta1</c>.</summary>
    public static readonly ServerVersion StableEvictions = new(1, 22);

    public bool HasNativeSidecars => CompareTo(NativeSidecars) >= 0;

    public bool HasStableEvictions => CompareTo(StableEvictions) >= 0;

    /// <summary>Reads the fields of <c>/version</c>; throws <see cref="FormatException"/> if they are no version.</summary>
    public static ServerVersion Parse(string? major, string? minor) => new(Number(major), Number(minor));

    public int CompareTo(ServerVersion other) => Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    public override string ToString() => $"{Major}.{Minor}";

    private static int Number(string? text)
    {
        var digits = (text ?? "").AsSpan().TrimEnd('+');
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"\"{text}\" is no part of a version of Kubernetes.");
    }
}
