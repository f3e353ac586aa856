using System.Text.Json;
using System.Text.Json.Nodes;
using Pico.Configuration.Definitions;
using Pico.Configuration.Types;
using Pico.Server.Auth.Issuers;
using Pico.Server.Auth.Ownership;
using Pico.Server.Hosting;

namespace Pico.Cli.Settings;

/// <summary>The options of issuers with names, and of who has which endpoint.</summary>
internal static class IssuerSettings
{
    private const string Keys = "name, issuer, audience, jwks-file, jwks-url, public-key-files, kubernetes-keys, local, namespaces";

    private static readonly OptionType<IReadOnlyList<IssuerOptions>> Issuers = OptionTypes.Objects(
        "issuer,…", $"objects, in the file a list of mappings, else JSON such as {{\"name\":\"eu\",\"jwks-file\":\"eu.jwks\",\"namespaces\":{{\"shop\":[\"shop-*\"]}}}}, with the keys {Keys}",
        Read, Write);

    public static OptionSet<UpstreamOptions> Definitions { get; } = new OptionSet<UpstreamOptions>()
        .Add(
            "upstream.auth.issuers", Issuers, o => o.Issuers, (o, v) => o.Issuers = v,
            "Issuers of agents' tokens, beside the keys above. Each has a name, keys (jwks-file, jwks-url, public-key-files, or kubernetes-keys: true, which are those of the cluster that the server runs in), "
            + "an audience (pico, if none is given) and, if it is to be judged, an issuer (iss). A token is its issuer's whose key verifies it. With kubernetes-keys or local: true the tokens are those of this "
            + "cluster's ServiceAccounts, and PicoEndpoints say which namespace has which endpoint; with namespaces, such as {shop: [orders, \"shop-*\"], \"*\": [\"eu-*\"]}, those of another cluster's, which may "
            + "register that; else tokens with the claim pico.endpoints.")
        .Add(
            "upstream.auth.unclaimed", OptionTypes.Choice(("open", UnclaimedPolicy.Open), ("prefix", UnclaimedPolicy.Prefix)), o => o.Unclaimed, (o, v) => o.Unclaimed = v,
            "Who of this cluster's ServiceAccounts may register an endpoint that no PicoEndpoint claims: open, everyone; prefix, those of the namespace shop what is called shop or begins with shop-.");

    private static IssuerOptions? Read(JsonElement item, ICollection<string> errors)
    {
        var name = Text(item, "name");
        if (name.Length is 0 or > 63 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            errors.Add($"an issuer needs a name of letters, digits, '-', '_' and '.', at most 63; got '{name}'");
            return null;
        }

        var known = Keys.Split(", ");
        foreach (var unknown in item.EnumerateObject().Select(p => p.Name).Where(p => !known.Contains(p)))
            errors.Add($"issuer '{name}' has the unknown key '{unknown}'; known are {Keys}");
        foreach (var key in (string[])["issuer", "audience", "jwks-url", "jwks-file"])
        {
            // Left out without a word, what it should judge would be judged by nobody.
            if (item.TryGetProperty(key, out var given) && given.ValueKind != JsonValueKind.String)
                errors.Add($"issuer '{name}': {key} is {given.GetRawText()}; it must be text (in quotes where it looks like something else)");
        }

        var isLocal = Switch("local");
        var issuer = new IssuerOptions { Name = name, HasPlatformKeys = Switch("kubernetes-keys"), IsLocal = isLocal || Switch("kubernetes-keys"), Namespaces = ReadNamespaces() };
        issuer.Tokens.Issuer = Text(item, "issuer");
        issuer.Tokens.Audience = item.TryGetProperty("audience", out _) ? Text(item, "audience") : IssuerOptions.DefaultAudience;
        issuer.Tokens.JwksUrl = Text(item, "jwks-url");
        issuer.Tokens.JwksFile = Text(item, "jwks-file");
        issuer.Tokens.PublicKeyFiles = List(item, "public-key-files");
        if (issuer.Tokens.Audience.Length == 0)
            errors.Add($"issuer '{name}' has an empty audience: then tokens made for somebody else would do here");
        return issuer;

        bool Switch(string key)
        {
            var value = item.TryGetProperty(key, out var given) ? given.ToString().ToLowerInvariant() : "false";
            if (value is not ("true" or "false"))
                errors.Add($"issuer '{name}': {key} is '{value}'; it may be true or false");
            return value == "true";
        }

        Dictionary<string, IReadOnlyList<string>> ReadNamespaces()
        {
            if (!item.TryGetProperty("namespaces", out var given))
                return [];
            if (given.ValueKind == JsonValueKind.Object)
                return given.EnumerateObject().DistinctBy(n => n.Name).ToDictionary(n => n.Name, n => List(given, n.Name));
            errors.Add($"issuer '{name}': namespaces is no object; it may be such as {{\"shop\": [\"orders\", \"shop-*\"]}}");
            return [];
        }
    }

    private static string Write(IssuerOptions issuer)
    {
        var json = new JsonObject { ["name"] = issuer.Name, ["audience"] = issuer.Tokens.Audience };
        void Add(string key, string value)
        {
            if (value.Length > 0)
                json[key] = value;
        }

        Add("issuer", issuer.Tokens.Issuer);
        Add("jwks-file", issuer.Tokens.JwksFile);
        Add("jwks-url", issuer.Tokens.JwksUrl);
        if (issuer.Tokens.PublicKeyFiles.Count > 0)
            json["public-key-files"] = Array(issuer.Tokens.PublicKeyFiles);
        if (issuer.HasPlatformKeys)
            json["kubernetes-keys"] = true;
        else if (issuer.IsLocal)
            json["local"] = true;
        if (issuer.Namespaces.Count > 0)
            json["namespaces"] = new JsonObject(issuer.Namespaces.Select(n => KeyValuePair.Create(n.Key, (JsonNode?)Array(n.Value))));
        return json.ToJsonString();

        static JsonArray Array(IEnumerable<string> values) => [.. values.Select(v => (JsonNode)v)];
    }

    private static string Text(JsonElement item, string key) => item.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static IReadOnlyList<string> List(JsonElement item, string key) => !item.TryGetProperty(key, out var value) ? []
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(v => v.ToString())]
        : [value.ToString()];
}
