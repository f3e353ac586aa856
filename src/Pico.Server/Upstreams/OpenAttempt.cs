using Pico.Tunnel;

namespace Pico.Server.Upstreams;

/// <summary>One open of a <see cref="OpenRace"/>.</summary>
/// <param name="Upstream">Where.</param>
/// <param name="Began">The timestamp since when.</param>
/// <param name="Stream">The stream, once it is accepted.</param>
internal sealed record OpenAttempt(Upstream Upstream, long Began, Task<TunnelStream> Stream);
