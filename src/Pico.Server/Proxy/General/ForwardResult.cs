namespace Pico.Server.Proxy.General;

/// <summary>How forwarding a request ended.</summary>
/// <param name="Error">
/// <see cref="ProxyError.None"/> if the whole response was passed on. Else the caller answers with the error, or, if the response has begun, aborts it.
/// </param>
/// <param name="Detail">What went wrong, for the log; may be empty.</param>
/// <param name="IsUpgraded">The request became a stream of bytes.</param>
/// <param name="HeadAt">The timestamp (<see cref="TimeProvider.GetTimestamp"/>) at which the response's head had come; 0 if it did not.</param>
internal readonly record struct ForwardResult(ProxyError Error, string Detail = "", bool IsUpgraded = false, long HeadAt = 0)
{
    /// <summary>The whole response was passed on.</summary>
    public static ForwardResult Done => default;
}
