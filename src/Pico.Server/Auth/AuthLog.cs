using Microsoft.Extensions.Logging;

namespace Pico.Server.Auth;

/// <summary>What the verification of tokens logs. Event IDs 2700 to 2799. Tokens and keys are never logged.</summary>
internal static partial class AuthLog
{
    [LoggerMessage(2700, LogLevel.Information, "{Source}: {Count} keys are in force")]
    public static partial void KeysLoaded(ILogger logger, string source, int count);

    [LoggerMessage(2701, LogLevel.Error, "{Source} cannot be read; the keys of before stay in force: {Reason}")]
    public static partial void KeysNotLoaded(ILogger logger, string source, string reason);

    [LoggerMessage(2702, LogLevel.Warning, "{Source}: {Skipped}")]
    public static partial void KeySkipped(ILogger logger, string source, string skipped);

    [LoggerMessage(2703, LogLevel.Warning, "No token is asked for on the upstream port: whoever reaches it may register every endpoint, and take the traffic of those that others have. "
        + "Give --upstream.auth.* a key or an issuer, and see docs/security.md.")]
    public static partial void NoAgentKeys(ILogger logger);
}
