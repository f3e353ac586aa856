using System.Globalization;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Endpoints;

/// <summary>
/// Puts one endpoint together from an address and named settings; the same names serve the flag's query and the file's keys.
/// Every setter gives null, or what is wrong with the value in words.
/// </summary>
internal sealed class EndpointBuilder
{
    /// <summary>The settings' names, for messages.</summary>
    public const string SettingNames =
        "ca, server-name, insecure, health, health-interval, health-timeout, healthy-threshold, unhealthy-threshold";

    private TlsSettings _tls = TlsSettings.Default;
    private HealthCheckSettings _health = new();
    private string? _firstTlsKey;
    private string? _firstHealthKey;
    private bool _checksHealth;
    private ServiceAddress? _address;

    public string? Id { get; private set; }

    public string? SetId(string value)
    {
        if (!EndpointId.TryNormalize(value, out var id))
            return $"\"{value}\" is no endpoint ID: give {EndpointId.Rule}";
        Id = id;
        return null;
    }

    public string? SetAddress(string value)
    {
        var error = ServiceAddress.TryParse(value, out _address);
        return error;
    }

    public string? SetProtocol(string value)
    {
        if (_address is null)
            return null;
        if (!ServiceAddress.IsScheme(value))
            return $"\"{value}\" is no protocol: give {ServiceAddress.Schemes}";
        if (_address.Scheme is { } scheme && !scheme.Equals(value, StringComparison.OrdinalIgnoreCase))
            return $"protocol is {value}, but the address begins with {scheme}://";
        _address = _address with { Scheme = value.ToLowerInvariant() };
        return null;
    }

    /// <summary>Sets what <paramref name="key"/> names; false if it names nothing.</summary>
    public bool TrySet(string key, string value, out string? error)
    {
        error = null;
        switch (key)
        {
            case "ca":
                _tls = _tls with { CaFile = value };
                _firstTlsKey ??= key;
                error = value.Length == 0 ? "ca is empty: give the path of a PEM file" : null;
                break;
            case "server-name":
                _tls = _tls with { ServerName = value };
                _firstTlsKey ??= key;
                error = Uri.CheckHostName(value) == UriHostNameType.Unknown ? $"\"{value}\" is no server name: give a host name" : null;
                break;
            case "insecure":
                _tls = _tls with { Insecure = value.Equals("true", StringComparison.OrdinalIgnoreCase) };
                _firstTlsKey ??= key;
                error = bool.TryParse(value, out _) ? null : $"insecure is \"{value}\": give true or false";
                break;
            case "health":
                _health = _health with { Path = value.Equals("tcp", StringComparison.OrdinalIgnoreCase) ? "" : value };
                _checksHealth = true;
                error = IsHealthCheck(value) ? null : $"health is \"{value}\": give tcp, or an HTTP path that begins with /";
                break;
            case "health-interval":
                error = SetDuration(key, value, d => _health = _health with { Interval = d });
                break;
            case "health-timeout":
                error = SetDuration(key, value, d => _health = _health with { Timeout = d });
                break;
            case "healthy-threshold":
                error = SetCount(key, value, n => _health = _health with { HealthyThreshold = n });
                break;
            case "unhealthy-threshold":
                error = SetCount(key, value, n => _health = _health with { UnhealthyThreshold = n });
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>The endpoint, once ID and address are set; <paramref name="error"/> says what does not fit together.</summary>
    public EndpointSpec? Build(out string? error)
    {
        error = null;
        if (_address is null)
            return null;
        if (_address.WithDefaultPort() is not { } address)
            error = "the address has no port: give one, such as localhost:4000";
        else if (_firstTlsKey is not null && !address.UsesTls)
            error = $"{_firstTlsKey} is for https services only: begin the address with https://";
        else if (_firstHealthKey is not null && !_checksHealth)
            error = $"{_firstHealthKey} is given without health: add health=tcp or health=/path";
        else if (_checksHealth && _health.Path.Length > 0 && address.Protocol != EndpointProtocol.Http)
            error = $"health is an HTTP path, but the service speaks {address.Scheme}: give tcp";
        else if (Id is not null)
        {
            return new EndpointSpec
            {
                Id = Id,
                Protocol = address.Protocol,
                Host = address.Host,
                Port = address.Port,
                Tls = address.UsesTls ? _tls : null,
                Health = _checksHealth ? _health : null,
            };
        }

        return null;
    }

    private static bool IsHealthCheck(string value) =>
        value.Equals("tcp", StringComparison.OrdinalIgnoreCase)
        || (value.StartsWith('/') && value.Length <= 1000 && !value.AsSpan().ContainsAnyExceptInRange('!', '~'));

    private string? SetDuration(string key, string value, Action<TimeSpan> set)
    {
        _firstHealthKey ??= key;
        if (!Duration.TryParse(value, out var duration) || duration < TimeSpan.FromMilliseconds(100) || duration > TimeSpan.FromHours(24))
            return $"{key} is \"{value}\": give a duration from 100ms to 24h, such as 10s";
        set(duration);
        return null;
    }

    private string? SetCount(string key, string value, Action<int> set)
    {
        _firstHealthKey ??= key;
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > 100)
            return $"{key} is \"{value}\": give a number from 1 to 100";
        set(count);
        return null;
    }
}
