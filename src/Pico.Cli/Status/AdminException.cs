namespace Pico.Cli.Status;

/// <summary>The Admin API could not be asked, or did not answer what was asked; the message says what to do.</summary>
internal sealed class AdminException(string message, string code = "", bool mayPass = false, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The server's code (<c>x-pico-error</c>); empty without an answer of a Pico server.</summary>
    public string Code => code;

    /// <summary>True if it may go away by itself: the server was not reached, or is overloaded.</summary>
    public bool MayPass => mayPass;
}
