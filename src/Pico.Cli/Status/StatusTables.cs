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
                output, ["NODE", "STATE", "ZONE", "ADDRESS", "LINK", "TUNNELS", "ENDPOINTS", "STARTED", "SOFTWARE"],
                status.Nodes.Select(n => (string[])[n.Id, n.State, n.Zone, n.Address, n.Link, Number(n.Tunnels), Number(n.Endpoints), Time(n.StartedAt), n.Software]));
        }

        if (section == StatusSection.All)
            output.WriteLine();
        if (section is StatusSection.Endpoints or StatusSection.All)
        {
            Table.Write(
                output, ["ENDPOINT", "PROTOCOL", "UPSTREAMS", "IN FLIGHT"],
                status.Endpoints.Select(e => (string[])[e.Id, e.Protocol, Number(e.Upstreams.Sum(u => (long)u.Count)), Number(e.Upstreams.Sum(u => (long)u.Outstanding))]));
        }

        if (section == StatusSection.All)
            output.WriteLine();
        if (section is StatusSection.Upstreams or StatusSection.All)
        {
            Table.Write(
                output, ["ENDPOINT", "NODE", "AGENT", "STATE", "COUNT", "IN FLIGHT", "IDLE STREAMS"],
                status.Endpoints.SelectMany(e => e.Upstreams.Select(
                    u => (string[])[e.Id, u.NodeId, u.Description, u.State, Number(u.Count), Number(u.Outstanding), Number(u.IdleStreams)])));
        }
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset? value) => value is { } time ? ConsoleText.Time(time.UtcDateTime) : "";
}
