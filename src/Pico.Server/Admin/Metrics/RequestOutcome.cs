using Pico.Server.Proxy;
using Pico.Server.Upstreams;

namespace Pico.Server.Admin.Metrics;

/// <summary>What is counted when a request of a client ends. A value: it costs nothing to pass.</summary>
/// <param name="EndpointId">The endpoint as the route table has it (never the client's own spelling); empty when none was found.</param>
/// <param name="Status">The response's HTTP status; 499 if the client went away before there was one.</param>
/// <param name="Error">What Pico itself answered with, or why the response was cut; else <see cref="ProxyError.None"/>.</param>
/// <param name="StartedAt">The timestamp (<see cref="TimeProvider.GetTimestamp"/>) at which the request's head was read.</param>
/// <param name="IsUpgraded">The connection was upgraded: counted, but its duration would say nothing.</param>
/// <param name="Traffic">Where the endpoint itself counts it; null when none was found.</param>
/// <param name="HeadAt">The timestamp at which the head of the service's response had come; 0 if it did not.</param>
internal readonly record struct RequestOutcome(
    string EndpointId, int Status, ProxyError Error, long StartedAt, bool IsUpgraded = false, EndpointTraffic? Traffic = null, long HeadAt = 0);
