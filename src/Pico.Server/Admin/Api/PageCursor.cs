using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Pico.Server.Admin.Api;

/// <summary>
/// Where a page ended: by what it was sorted, the last thing's figure and name. The next page begins behind that, whatever came or went meanwhile. Opaque to clients.
/// </summary>
/// <param name="Sort">By what.</param>
/// <param name="Figure">The last thing's figure; 0 if it is sorted by name.</param>
/// <param name="Name">The last thing's name.</param>
internal sealed record PageCursor(string Sort, double Figure, string Name)
{
    /// <summary>As a text for a query.</summary>
    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"1|{Sort}|{Figure:R}|{Name}")));

    /// <summary>Null if <paramref name="text"/> is no cursor.</summary>
    public static PageCursor? TryParse(string text)
    {
        if (!Base64Url.IsValid(text))
            return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('|', 4);
        return parts is ["1", var sort, var figure, var name] && double.TryParse(figure, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? new PageCursor(sort, value, name)
            : null;
    }
}
