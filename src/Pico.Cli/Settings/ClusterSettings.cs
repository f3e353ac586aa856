using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Cluster;

namespace Pico.Cli.Settings;

/// <summary>The options of the cluster.</summary>
internal static class ClusterSettings
{
    private static readonly OptionType<string> AnyText = OptionTypes.Matching("text", "any text", _ => true);

    public static OptionSet<ClusterOptions> Definitions { get; } = new OptionSet<ClusterOptions>()
        .Add(
            "cluster.join", OptionTypes.List(OptionTypes.Matching("host[:port]", "a name or an address, with a port or without", _ => true)), o => o.Join, (o, v) => o.Join = v,
            "Nodes of the cluster: addresses, or names of which all addresses are tried, again and again. The port is that of cluster.bind-addr where none is given. "
            + "This node may be among them. Without it the node is alone, and opens no port for others.")
        .Add(
            "cluster.join-timeout", OptionTypes.Duration(TimeSpan.Zero), o => o.JoinTimeout, (o, v) => o.JoinTimeout = v,
            "A node that finds no other for this long is ready alone, and goes on looking.")
        .Add(
            "cluster.bind-addr", OptionTypes.Address, o => o.BindAddress, (o, v) => o.BindAddress = v,
            "Where other nodes reach this one, by UDP and TCP. For nodes only.")
        .Add(
            "cluster.advertise-addr", OptionTypes.Matching("address[:port]", "an IP address, with a port or without", _ => true), o => o.AdvertiseAddress, (o, v) => o.AdvertiseAddress = v,
            "The address that other nodes use for this one.", defaultText: "the bound one, else that of the way to the first node to join")
        .Add(
            "cluster.key", AnyText, o => o.Key, (o, v) => o.Key = v,
            "A secret that all nodes share, 32 bytes in base64 (openssl rand -base64 32): encrypts and authenticates the gossip. Without any key whoever reaches the port can join.", secret: true)
        .Add(
            "cluster.key-files", OptionTypes.List(OptionTypes.ExistingFile), o => o.KeyFiles, (o, v) => o.KeyFiles = v,
            "Files with such keys, one a line; read again when they change. The first key of all encrypts, every one decrypts: so keys are exchanged without a gap.")
        .Add(
            "cluster.zone", AnyText, o => o.Zone, (o, v) => o.Zone = v,
            "The availability zone of this node: requests stay within a zone while they can.");
}
