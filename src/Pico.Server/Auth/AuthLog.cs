using Microsoft.Extensions.Logging;

namespace Pico.Server.Auth;

/// <summary>What the verification of tokens logs. Event IDs 2700 to 2799. Tokens and keys are never logged.</summary>
internal static partial class AuthLog
{
    [LoggerMessage(2700, LogLevel.Information, "{Source}: {Count} keys are in force")]
    public static partial void KeysLoaded(ILogger logger, string source, int count);

    [LoggerMessage(2701, LogLevel.Error, "{Source} cannot be read; the keys of before stay in force: {Reason}")]
    public static partial void KeysNotLoaded(ILogger logger, string source, string reason);
}
