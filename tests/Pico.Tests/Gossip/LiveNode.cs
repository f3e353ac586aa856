using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pico.Gossip;

namespace Pico.Tests.Gossip;

/// <summary>A gossip node on a loopback address of its own, with the TCP side that a server gives it, and everything that its observer heard.</summary>
internal sealed class LiveNode : IGossipObserver, IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TcpListener _listener;
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, string>> _members = new();
    private readonly SemaphoreSlim _changed = new(0);
    private Task _accepting = Task.CompletedTask;

    private LiveNode(string id, IPAddress address, int port, Func<GossipOptions, GossipOptions> configure, ILoggerFactory loggers)
    {
        _listener = new TcpListener(address, port);
        _listener.Start();
        var bind = (IPEndPoint)_listener.LocalEndpoint;
        var options = configure(new GossipOptions { Life = new NodeLife(id, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()), Bind = bind, RejoinInterval = TimeSpan.FromMilliseconds(200) });
        Node = new GossipNode(options, this, TimeProvider.System, loggers);
    }

    public GossipNode Node { get; }

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    public ConcurrentQueue<string> Events { get; } = new();

    /// <summary>Starts a node; port 0 lets the system choose.</summary>
    public static async Task<LiveNode> StartAsync(string id, string address, int port, Func<GossipOptions, GossipOptions> configure, ILoggerFactory? loggers = null)
    {
        var node = new LiveNode(id, IPAddress.Parse(address), port, configure, loggers ?? NullLoggerFactory.Instance);
        node._accepting = node.AcceptAsync();
        await node.Node.StartAsync(TestContext.Current.CancellationToken);
        return node;
    }

    /// <summary>Waits until what the observer heard is so.</summary>
    public async Task UntilAsync(Func<LiveNode, bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (!condition(this))
            await _changed.WaitAsync(limit.Token);
    }

    public bool Knows(params string[] ids) => _members.Keys.Order().SequenceEqual(ids.Order());

    public string? ValueOf(string id, string key) => _members.TryGetValue(id, out var values) && values.TryGetValue(key, out var value) ? value : null;

    public int CountOf(string id) => _members.TryGetValue(id, out var values) ? values.Count : -1;

    public void OnMemberUp(Member member)
    {
        _members[member.Life.NodeId] = new();
        Happened($"up {member.Life.NodeId}");
    }

    public void OnMemberDown(Member member, MemberDownReason reason)
    {
        _members.TryRemove(member.Life.NodeId, out _);
        Happened($"down {member.Life.NodeId} {reason}");
    }

    public void OnValueSet(Member member, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        _members[member.Life.NodeId][Encoding.UTF8.GetString(key)] = Encoding.UTF8.GetString(value);
        _changed.Release();
    }

    public void OnValueRemoved(Member member, ReadOnlySpan<byte> key)
    {
        _members[member.Life.NodeId].TryRemove(Encoding.UTF8.GetString(key), out _);
        _changed.Release();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Node.DisposeAsync();
        _stopping.Dispose();
        _changed.Dispose();
    }

    private void Happened(string what)
    {
        Events.Enqueue(what);
        _changed.Release();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                _ = Task.Run(async () =>
                {
                    using (client)
                        await Node.AcceptAsync(client.GetStream(), client.Client.RemoteEndPoint!, _stopping.Token);
                });
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
