using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Pico.Tunnel.Protocol;

namespace Pico.Server.Upstreams;

/// <summary>
/// Endpoint ID → upstreams, of this node and of the others. Readers take no lock: the upstreams of an endpoint are an immutable array that is replaced
/// when one comes or goes, so a change costs what that endpoint holds, however many endpoints there are, and the next request sees it.
/// </summary>
internal sealed class RouteTable
{
    // An endpoint is in here exactly while it has an upstream. Written under _writing only.
    private readonly ConcurrentDictionary<string, EndpointUpstreams> _endpoints = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, EndpointUpstreams>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly Lock _writing = new();
    private TaskCompletionSource? _noneHere; // under _writing
    private int _here; // upstreams of this node; under _writing
    private int _count; // endpoints; written under _writing
    private int _countHere; // those of them with an upstream of this node; written under _writing
    private ushort _withdrawals; // of upstreams of this node, of all endpoints; under _writing

    public RouteTable()
    {
        _lookup = _endpoints.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>An endpoint has one more or one less upstream at this node. Called after the change, without a lock: whoever hears it looks what there is.</summary>
    public event Action<string>? ChangedHere;

    /// <summary>An endpoint has its first upstream, here or elsewhere. Called after the change, without a lock.</summary>
    public event Action<EndpointUpstreams>? Appeared;

    /// <summary>An endpoint has lost its last upstream. Called after the change, without a lock.</summary>
    public event Action<EndpointUpstreams>? Disappeared;

    /// <summary>How many endpoints have an upstream.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How many have one at this node.</summary>
    public int CountHere => Volatile.Read(ref _countHere);

    /// <summary>The endpoints that have an upstream, for status and housekeeping; what changes meanwhile may be in it or not.</summary>
    public IEnumerable<EndpointUpstreams> Endpoints
    {
        get
        {
            foreach (var entry in _endpoints)
                yield return entry.Value;
        }
    }

    /// <summary>Finds the upstreams of an endpoint, without allocating. <paramref name="endpointId"/> in either case.</summary>
    public bool TryGet(ReadOnlySpan<char> endpointId, [NotNullWhen(true)] out EndpointUpstreams? endpoint) =>
        _lookup.TryGetValue(endpointId, out endpoint);

    /// <summary>The same for the ASCII bytes of a header; anything else is no endpoint's name.</summary>
    public bool TryGet(ReadOnlySpan<byte> endpointId, [NotNullWhen(true)] out EndpointUpstreams? endpoint)
    {
        Span<char> text = stackalloc char[EndpointId.MaxLength];
        if (endpointId.Length <= text.Length && Ascii.ToUtf16(endpointId, text, out var length) == System.Buffers.OperationStatus.Done)
            return TryGet(text[..length], out endpoint);

        endpoint = null;
        return false;
    }

    /// <summary>Adds an upstream of this node. Gives null, or in words why not: its protocol is not that of the endpoint's other upstreams.</summary>
    public string? Add(Upstream upstream)
    {
        EndpointUpstreams? appeared;
        lock (_writing)
        {
            if (_endpoints.TryGetValue(upstream.EndpointId, out var endpoint) && endpoint.Protocol != upstream.Protocol)
                return $"The endpoint '{upstream.EndpointId}' has upstreams of protocol {ProtocolNames.Of(endpoint.Protocol)}; {ProtocolNames.Of(upstream.Protocol)} cannot join them.";

            appeared = Put(upstream);
            _here++;
        }

        if (appeared is not null)
            Appeared?.Invoke(appeared);
        ChangedHere?.Invoke(upstream.EndpointId);
        return null;
    }

    /// <summary>Adds what another node has, whatever protocol it is of: that node was asked, not this one.</summary>
    public void AddRemote(Upstream upstream)
    {
        EndpointUpstreams? appeared;
        lock (_writing)
            appeared = Put(upstream);
        if (appeared is not null)
            Appeared?.Invoke(appeared);
    }

    /// <summary>Removes an upstream, if it is there. Requests that have chosen it already go on.</summary>
    public void Remove(Upstream upstream)
    {
        EndpointUpstreams? endpoint;
        var isEmpty = false;
        var isHere = upstream.Proximity == Proximity.Here;
        lock (_writing)
        {
            if (!_endpoints.TryGetValue(upstream.EndpointId, out endpoint) || !endpoint.Remove(upstream))
                return;
            if (endpoint.Upstreams.Length == 0)
            {
                _endpoints.TryRemove(upstream.EndpointId, out _);
                _count--;
                isEmpty = true;
            }

            if (isHere)
            {
                endpoint.Withdrawals = ++_withdrawals;
                if (!endpoint.IsHere)
                    _countHere--;
                if (--_here == 0)
                    _noneHere?.TrySetResult();
            }
        }

        if (isHere)
            ChangedHere?.Invoke(upstream.EndpointId);
        if (isEmpty)
            Disappeared?.Invoke(endpoint);
    }

    /// <summary>Removes an upstream and ends it: first out of the table, so that a request that finds it closed does not find it again.</summary>
    public void Withdraw(Upstream upstream)
    {
        Remove(upstream);
        upstream.Withdraw();
    }

    /// <summary>Puts the upstreams of an endpoint in order again after the proximity of one has changed.</summary>
    public void Sort(EndpointUpstreams endpoint)
    {
        lock (_writing)
            endpoint.Sort();
    }

    /// <summary>Completes when no upstream of this node is left. Asked once, by the node that drains.</summary>
    public Task WhenNoneHereAsync(CancellationToken cancellationToken)
    {
        lock (_writing)
        {
            if (_here == 0)
                return Task.CompletedTask;
            _noneHere = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _noneHere.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>With the lock held. Gives the endpoint if it is new.</summary>
    private EndpointUpstreams? Put(Upstream upstream)
    {
        var isHere = upstream.Proximity == Proximity.Here;
        if (_endpoints.TryGetValue(upstream.EndpointId, out var endpoint))
        {
            if (isHere && !endpoint.IsHere)
                _countHere++;
            endpoint.Add(upstream);
            return null;
        }

        if (isHere)
            _countHere++;
        _count++;
        return _endpoints[upstream.EndpointId] = new EndpointUpstreams(upstream) { Withdrawals = _withdrawals };
    }
}
