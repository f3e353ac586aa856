using System.Globalization;
using Pico.Cli.Settings;
using Pico.Server.Admin.Status;

namespace Pico.Cli.Status;

/// <summary>A server's status as tables for people.</summary>
internal static class StatusTables
{
    public static void Write(TextWriter output, StatusSection section, ServerStatus status)
    {
        if (section is StatusSection.Nodes or StatusSection.All)
        {
            Table.Write(
                output, ["NODE", "SOFTWARE", "STATE", "STARTED", "CONNECTIONS", "IN FLIGHT"],
                status.Nodes.Select(n => (string[])[n.Id, n.Software, n.State, Time(n.StartedAt), Number(n.ClientConnections), Number(n.RequestsInFlight)]));
        }

        if (section == StatusSection.All)
            output.WriteLine();
        if (section is StatusSection.Endpoints or StatusSection.All)
        {
            Table.Write(
                output, ["ENDPOINT", "PROTOCOL", "UPSTREAMS", "IN FLIGHT"],
                status.Endpoints.Select(e => (string[])[e.Id, e.Protocol, Number(e.Upstreams.Count), Number(e.Upstreams.Sum(u => (long)u.Outstanding))]));
        }

        if (section == StatusSection.All)
            output.WriteLine();
        if (section is StatusSection.Upstreams or StatusSection.All)
        {
            Table.Write(
                output, ["ENDPOINT", "NODE", "AGENT", "STATE", "IN FLIGHT", "IDLE STREAMS"],
                status.Endpoints.SelectMany(e => e.Upstreams.Select(
                    u => (string[])[e.Id, u.NodeId, u.Description, u.State, Number(u.Outstanding), Number(u.IdleStreams)])));
        }
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset? value) => value is { } time ? ConsoleText.Time(time.UtcDateTime) : "";
}
