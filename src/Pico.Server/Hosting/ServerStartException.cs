namespace Pico.Server.Hosting;

/// <summary>The server could not start, for a reason that the user can change: the message names the option.</summary>
public sealed class ServerStartException(string message, Exception? inner = null) : Exception(message, inner);
