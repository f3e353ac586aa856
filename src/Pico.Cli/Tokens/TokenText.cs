using Pico.Server.Auth.Inspecting;

namespace Pico.Cli.Tokens;

/// <summary>What people read about tokens.</summary>
internal static class TokenText
{
    /// <summary>The report, a line for each thing.</summary>
    public static void Write(TextWriter output, TokenReport report, DateTime now)
    {
        Line(output, "valid", report.Valid ? (report.SignatureChecked ? "yes" : "as far as can be told without a key") : "no");
        foreach (var problem in report.Problems)
            Line(output, "", problem);
        Line(output, "signature", Signature(report));
        foreach (var other in report.VerifiedBy is null ? [] : report.NotVerifiedBy)
            Line(output, "", "not by " + other);
        if (report.Algorithm is null)
            return;
        Line(output, "algorithm", report.Algorithm);
        Line(output, "key ID", report.KeyId);
        Line(output, "expires", report.Expires is { } end ? $"{ConsoleText.Time(end)} ({Distance(end - now)})" : "never");
        Line(output, "valid from", report.NotBefore is { } begin ? ConsoleText.Time(begin) : null);
        Line(output, "issued", report.IssuedAt is { } issued ? ConsoleText.Time(issued) : null);
        Line(output, "issuer", report.Issuer);
        Line(output, "audience", report.Audience.Count > 0 ? string.Join(", ", report.Audience) : null);
        Line(output, "subject", report.Subject);
        Line(output, "token ID", report.TokenId);
        Line(output, "permits", report.Permits ?? "nothing: its claims cannot be read");
        Line(output, "streams", report.MaxStreams is { } streams ? $"at most {streams} at once" : null);
        Line(output, "rate", report.RateLimit is { } rate ? $"at most {rate} requests per second to each endpoint" : null);
        Line(output, "other claims", report.OtherClaims.Count > 0 ? $"{string.Join(", ", report.OtherClaims)} (values not shown)" : null);
    }

    private static string Signature(TokenReport report) =>
        report.VerifiedBy is { } key ? $"good, by {key}"
        : !report.SignatureChecked ? "not checked; --key names keys to check it with"
        : "no key verifies it";

    private static string Distance(TimeSpan left)
    {
        var length = left.Duration();
        var text = length.TotalDays >= 2 ? $"{(int)length.TotalDays} days"
            : length.TotalHours >= 2 ? $"{(int)length.TotalHours} hours"
            : length.TotalMinutes >= 2 ? $"{(int)length.TotalMinutes} minutes"
            : $"{(int)length.TotalSeconds} s";
        return left < TimeSpan.Zero ? text + " ago" : "in " + text;
    }

    private static void Line(TextWriter output, string label, string? value)
    {
        if (value is not null)
            output.WriteLine($"{label,-12}   {ConsoleText.Printable(value)}");
    }
}
