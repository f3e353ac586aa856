using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Gossip;
using Pico.Server.Cluster;
using Pico.Server.Cluster.Asking;
using Pico.Server.Cluster.Discovery;
using Pico.Server.Cluster.Links;
using Pico.Server.Cluster.Members;
using Pico.Server.Cluster.Routes;
using Pico.Server.Hosting;
using Pico.Server.Observing;
using Pico.Server.Upstreams;
using Pico.Tests.Tunnel;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Tests.Server.Cluster;

/// <summary>The links, routes and relay of one node on loopback; whom it knows is said by the test, in place of the gossip.</summary>
internal sealed class LinkedNode : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly List<TunnelPair> _agents = [];

    public LinkedNode(string id, string zone = "", IPeerAnswers? answers = null, INodeDiscovery? discovery = null, TimeProvider? time = null, IPEndPoint? advertised = null)
    {
        var options = new ServerOptions { NodeId = id };
        options.Cluster.Join = ["127.0.0.1"];
        options.Cluster.Zone = zone;
        options.Cluster.Discovery = discovery;
        _services = new ServiceCollection()
            .AddSingleton(options)
            .AddSingleton(options.Proxy)
            .AddSingleton(options.Upstream)
            .AddSingleton(time ?? TimeProvider.System)
            .AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(NullLoggerFactory.Instance)
            .AddLogging()
            .AddMetrics()
            .AddSingleton(TestMetrics.Create())
            .AddSingleton<NodeIdentity>()
            .AddSingleton<NodeLifecycle>()
            .AddUpstreams()
            .AddObserving(options)
            .AddCluster(options.Cluster)
            .AddSingleton(answers ?? new NoAnswers())
            .BuildServiceProvider();
        Life = new NodeLife(id, 1);
        Address = Get<ClusterPort>().Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Gossip = new GossipNode(
            new GossipOptions { Life = Life, Bind = new IPEndPoint(IPAddress.Loopback, Address.Port) }, Get<MemberObserver>(), TimeProvider.System, NullLoggerFactory.Instance);
        Get<ClusterPort>().Start(Gossip);
        Member = new Member(Life, advertised ?? Address, new NoValues(), MemberState.Alive);
    }

    public NodeLife Life { get; }

    public Member Member { get; }

    public IPEndPoint Address { get; }

    public GossipNode Gossip { get; }

    public RouteTable Routes => Get<RouteTable>();

    public MemberObserver Observer => Get<MemberObserver>();

    public string Fingerprint => Get<LinkIdentity>().Fingerprint;

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Tells this node of another.</summary>
    public void Meet(LinkedNode other, string? fingerprint = null, string zone = "", bool draining = false, string place = "")
    {
        if (!Get<PeerDirectory>().TryGet(other.Life, out _))
            Observer.OnMemberUp(other.Member);
        Observer.OnValueSet(
            other.Member, ".node"u8, new NodeFacts(fingerprint ?? other.Fingerprint, "test", zone, draining, "", null, place).Encode());
    }

    /// <summary>Tells this node and another of one another.</summary>
    public void MeetEachOther(LinkedNode other)
    {
        Meet(other);
        other.Meet(this);
    }

    /// <summary>Tells this node what another has.</summary>
    public void Hear(LinkedNode other, string endpoint, EndpointProtocol protocol = EndpointProtocol.Tcp, int count = 1) =>
        Observer.OnValueSet(other.Member, System.Text.Encoding.UTF8.GetBytes(endpoint), new RouteValue(protocol, count).Encode());

    /// <summary>Has an agent register an endpoint here.</summary>
    public async Task<TestHandler> ServeAsync(string endpoint, Func<TunnelStream, Task>? serve = null, EndpointProtocol protocol = EndpointProtocol.Tcp)
    {
        var pair = await TunnelPair.CreateAsync();
        _agents.Add(pair);
        pair.ClientHandler.Serve = serve;
        Assert.Null(Routes.Add(new LocalUpstream(pair.Server, new Registration { Id = 1, EndpointId = endpoint, Protocol = protocol }, TimeProvider.System)));
        return pair.ClientHandler;
    }

    /// <summary>Connects to an endpoint as a client's request would.</summary>
    public async Task<ConnectResult> ConnectAsync(string endpoint, IPEndPoint? client = null, bool reuse = false)
    {
        Assert.True(Routes.TryGet(endpoint, out var upstreams));
        return await Get<UpstreamConnector>().ConnectAsync(upstreams, reuse, client, trace: default, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
            await agent.DisposeAsync();
        await Gossip.DisposeAsync();
        await _services.DisposeAsync();
    }

    private sealed class NoAnswers : IPeerAnswers
    {
        public ValueTask<PeerAnswer> AnswerAsync(string question, CancellationToken cancellationToken) => throw new InvalidOperationException("Nobody asks.");
    }

    private sealed class NoValues : IMemberValues
    {
        public int Count => 0;

        public bool TryGet(string key, out byte[] value)
        {
            value = [];
            return false;
        }

        public IReadOnlyDictionary<string, byte[]> ToDictionary() => new Dictionary<string, byte[]>();
    }
}
