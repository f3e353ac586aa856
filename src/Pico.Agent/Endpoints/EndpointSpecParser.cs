namespace Pico.Agent.Endpoints;

/// <summary>
/// Reads endpoints as they are written on the command line: <c>ID/ADDRESS[?SETTINGS]</c>, several separated by commas.
/// </summary>
/// <remarks>
/// <para><c>ADDRESS</c> is a port on localhost (<c>orders/4000</c>), <c>host:port</c>, or that with what the service speaks before it:
/// <c>http://</c> (the default), <c>https://</c> (HTTP/1.1, the agent speaks TLS to the service), <c>h2c://</c> (HTTP/2 without TLS, gRPC),
/// <c>tcp://</c>.</para>
/// <para><c>SETTINGS</c> are written as in a URL, <c>?key=value&amp;key=value</c>, with percent-encoding where a value has <c>,</c> <c>&amp;</c>
/// <c>%</c>: <c>ca</c> (PEM file), <c>server-name</c>, <c>insecure=true</c> (with https), and <c>health</c> (<c>tcp</c> or an HTTP path),
/// <c>health-interval</c>, <c>health-timeout</c>, <c>healthy-threshold</c>, <c>unhealthy-threshold</c>.</para>
/// </remarks>
public static class EndpointSpecParser
{
    /// <summary>What an endpoint looks like, for messages and help.</summary>
    public const string Example = "my-endpoint/localhost:4000";

    /// <summary>
    /// Reads all endpoints of <paramref name="values"/>, each of which may hold several. Adds a message to <paramref name="errors"/> for each
    /// thing that is wrong; what is right is returned all the same.
    /// </summary>
    public static IReadOnlyList<EndpointSpec> Parse(IEnumerable<string> values, ICollection<string> errors)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(errors);
        var specs = new List<EndpointSpec>();
        foreach (var value in values)
        {
            foreach (var text in value.Split(',', StringSplitOptions.TrimEntries))
            {
                if (ParseOne(text, errors) is { } spec)
                    specs.Add(spec);
            }
        }

        RefuseDuplicates(specs, errors);
        return specs;
    }

    internal static void RefuseDuplicates(IEnumerable<EndpointSpec> specs, ICollection<string> errors)
    {
        var seen = new Dictionary<string, EndpointSpec>(StringComparer.Ordinal);
        foreach (var spec in specs)
        {
            if (!seen.TryAdd(spec.Id, spec))
                errors.Add($"Endpoint \"{spec.Id}\" is given twice, as {seen[spec.Id].Target} and as {spec.Target}: an agent serves an endpoint once.");
        }
    }

    private static EndpointSpec? ParseOne(string text, ICollection<string> errors)
    {
        var before = errors.Count;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == text.Length - 1)
        {
            errors.Add($"\"{text}\" is no endpoint: give ID/ADDRESS, such as {Example}.");
            return null;
        }

        var question = text.IndexOf('?', StringComparison.Ordinal);
        var address = text[(slash + 1)..(question < 0 ? text.Length : question)];
        var builder = new EndpointBuilder();
        Report(builder.SetId(text[..slash]));
        Report(builder.SetAddress(address));
        if (question >= 0)
        {
            foreach (var setting in text[(question + 1)..].Split('&'))
                Apply(setting);
        }

        var spec = builder.Build(out var misfit);
        Report(misfit);
        return errors.Count == before ? spec : null;

        void Apply(string setting)
        {
            var (key, value) = setting.IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals
                ? (setting[..equals], Uri.UnescapeDataString(setting[(equals + 1)..]))
                : (setting, "");
            Report(builder.TrySet(key, value, out var error) ? error : $"\"{key}\" is no setting: give {EndpointBuilder.SettingNames}");
        }

        void Report(string? error)
        {
            if (error is not null)
                errors.Add($"\"{text}\": {error}.");
        }
    }
}
