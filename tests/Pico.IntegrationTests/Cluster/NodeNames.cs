using Pico.IntegrationTests.Fixtures;

namespace Pico.IntegrationTests.Cluster;

/// <summary>
/// A name with the addresses of all nodes, for the processes that get <see cref="Environment"/> and for nobody else: nss_wrapper answers for the resolver.
/// </summary>
internal sealed class NodeNames : IDisposable
{
    /// <summary>The name.</summary>
    public const string All = "nodes.pico.test";

    private const string Wrapper = "libnss_wrapper.so";

    private readonly TempFolder _folder = new();

    public NodeNames(IEnumerable<string> addresses)
    {
        if (!Directory.EnumerateFiles("/usr/lib", Wrapper, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1, IgnoreInaccessible = true }).Any())
            throw Tool.Missing(Wrapper, "libnss-wrapper");
        var hosts = _folder.Write("hosts", string.Concat(addresses.Select(a => $"{a} {All}\n")));
        Environment = new Dictionary<string, string> { ["LD_PRELOAD"] = Wrapper, ["NSS_WRAPPER_HOSTS"] = hosts };
    }

    /// <summary>Variables for processes that are to know the name.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    public void Dispose() => _folder.Dispose();
}
