namespace Pico.Server.Hosting;

/// <summary>The upstream port.</summary>
public sealed class UpstreamOptions
{
    /// <summary>Where to listen, <c>[host]:port</c>; port 0 takes a free one. Default <c>:8001</c>, all addresses.</summary>
    public string BindAddress { get; set; } = ":8001";
}
