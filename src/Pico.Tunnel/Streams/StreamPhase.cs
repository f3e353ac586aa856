namespace Pico.Tunnel.Streams;

/// <summary>How far the opening of a stream is.</summary>
internal enum StreamPhase : byte
{
    /// <summary>This side sent OPEN and has no answer yet.</summary>
    Opening,

    /// <summary>The peer sent OPEN and this side has not answered yet.</summary>
    Offered,

    /// <summary>Accepted.</summary>
    Open,
}
