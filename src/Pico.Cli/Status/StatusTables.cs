using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Pico.Cli.Settings;
using Pico.Server.Admin.Status;

namespace Pico.Cli.Status;

/// <summary>A server's status as tables for people.</summary>
internal sealed class StatusTables(Screen screen, bool isWide, TimeProvider time)
{
    private DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Writes an answer. Throws <see cref="AdminException"/> if it is not what this pico knows.</summary>
    public void Write(StatusSection section, JsonNode answer)
    {
        switch (section)
        {
            case StatusSection.Nodes:
                List(StatusColumns.Nodes(Now), Read(answer, StatusJson.Default.StatusPageNodeStatus).Items);
                break;
            case StatusSection.Endpoints:
                List(StatusColumns.Endpoints, Read(answer, StatusJson.Default.StatusPageEndpointStatus).Items);
                break;
            case StatusSection.Upstreams:
                Upstreams(Read(answer, StatusJson.Default.StatusPageEndpointStatus).Items);
                break;
            case StatusSection.Tunnels:
                List(StatusColumns.Tunnels, Read(answer, StatusJson.Default.StatusPageTunnelStatus).Items);
                break;
            case StatusSection.Endpoint:
                Endpoint(Read(answer, StatusJson.Default.EndpointStatus));
                break;
            case StatusSection.Gossip:
                Gossip(Read(answer, StatusJson.Default.GossipStatus));
                break;
            default:
                Overview(Read(answer, StatusJson.Default.ServerStatus));
                break;
        }
    }

    private static T Read<T>(JsonNode answer, JsonTypeInfo<T> type)
    {
        try
        {
            return answer.Deserialize(type)!;
        }
        catch (JsonException e)
        {
            throw new AdminException($"the server's answer is not one that this pico knows: the versions differ. Use the server's own version of pico, or --output json. ({e.Message})", inner: e);
        }
    }

    private void List<T>(IReadOnlyList<Column<T>> columns, IReadOnlyList<T> rows) => FittedTable.Write(screen, isWide, columns, rows);

    private void Upstreams(IEnumerable<EndpointStatus> endpoints) => List(StatusColumns.Upstreams, [.. endpoints.SelectMany(e => e.Upstreams.Select(u => (e.Id, u)))]);

    private void Overview(ServerStatus status)
    {
        var totals = status.Totals;
        Facts(
            ("node", $"{status.Node}, {ConsoleText.Time(status.At)}"),
            ("traffic", $"{ConsoleText.Figure(totals.RequestsPerSecond)} requests/s, {ConsoleText.Figure(totals.ErrorsPerSecond)} errors/s, {totals.RequestsInFlight} in flight, {totals.ClientConnections} client connections"),
            ("endpoints", $"{totals.Endpoints}, of which {totals.EndpointsFailing} failing, {totals.EndpointsDegraded} degraded"),
            ("cluster", $"{totals.Nodes} {(totals.Nodes == 1 ? "node" : "nodes")}; tunnels at this one: {totals.Tunnels}"));
        screen.Out.WriteLine();
        List(StatusColumns.Nodes(Now), status.Nodes);
        screen.Out.WriteLine();
        List(StatusColumns.Endpoints, status.Endpoints);
        More(status.EndpointsContinue, totals.Endpoints - status.Endpoints.Count, "pico status endpoints");
        screen.Out.WriteLine();
        List(StatusColumns.Tunnels, status.Tunnels);
        More(status.TunnelsContinue, totals.Tunnels - status.Tunnels.Count, "pico status tunnels");
    }

    private void More(string? after, int count, string command)
    {
        if (after is not null)
            screen.Out.WriteLine($"… and {count} more: {command}");
    }

    private void Endpoint(EndpointStatus endpoint)
    {
        Facts(
            ("endpoint", endpoint.Id),
            ("protocol", endpoint.Protocol),
            ("state", endpoint.State.ToString().ToLowerInvariant()),
            ("reason", endpoint.Reason ?? ""),
            ("failing since", ConsoleText.Time(endpoint.FailingSince)),
            ("requests", $"{ConsoleText.Figure(endpoint.RequestsPerSecond)}/s, {ConsoleText.Figure(endpoint.ErrorsPerSecond)} errors/s, {endpoint.InFlight} in flight"),
            ("latency", endpoint.MedianMilliseconds is null ? "" : $"{ConsoleText.Figure(endpoint.MedianMilliseconds)} ms median, {ConsoleText.Figure(endpoint.P99Milliseconds)} ms 99th percentile"));
        screen.Out.WriteLine();
        Upstreams([endpoint]);
    }

    private void Gossip(GossipStatus gossip)
    {
        Facts(
            ("address", gossip.Address),
            ("joined", gossip.IsJoined ? "yes" : "no"),
            ("packets", $"{gossip.PacketsReceived} received ({ConsoleText.Size(gossip.BytesReceived)}), {gossip.PacketsSent} sent ({ConsoleText.Size(gossip.BytesSent)})"),
            ("exchanges", $"{gossip.Syncs}, and {gossip.SyncsFailed} that failed"),
            ("suspicions", $"{gossip.Suspicions} of others, {gossip.Refutations} of this node refuted"));
        screen.Out.WriteLine();
        List(StatusColumns.Members(Now), gossip.Members);
    }

    private void Facts(params IEnumerable<(string Name, string Value)> facts)
    {
        foreach (var (name, value) in facts.Where(f => f.Value.Length > 0))
            screen.Out.WriteLine($"{name + ":",-14} {ConsoleText.Printable(value)}");
    }
}
