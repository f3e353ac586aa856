using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pico.Agent.Endpoints;
using Pico.Tunnel;
using Pico.Tunnel.Protocol;

namespace Pico.Agent.Tunnels;

/// <summary>
/// Keeps one tunnel's registrations what the table wants: every healthy endpoint, no other. Level-based: each pass compares what is with what
/// should be. A refused endpoint is tried again, soon at first, then slowly; the others live on.
/// </summary>
internal sealed partial class Registrar(TunnelConnection tunnel, EndpointTable table, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    // What is refused may be permitted in a moment, as when a resource and who needs it are made at once; or never.
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _firstPass = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // By endpoint ID; the loop's own.
    private readonly Dictionary<string, Registered> _registered = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Refused> _refused = new(StringComparer.Ordinal);
    private readonly HashSet<Registered> _replaced = [];
    private uint _lastId;

    // Written by the tunnel's reader.
    private readonly ConcurrentQueue<(uint Id, string Reason)> _ended = new();
    private volatile TaskCompletionSource _someEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Read by the tunnel's reader; replaced, never changed.
    private volatile Dictionary<uint, Registered> _byId = [];
    private volatile Dictionary<string, string> _refusals = [];

    /// <summary>Completes when the server answered for every endpoint that was wanted at first.</summary>
    public Task FirstPass => _firstPass.Task;

    /// <summary>How many registrations the server accepted and has not been told to forget.</summary>
    public int Count => _byId.Count;

    /// <summary>The endpoints that the server refused, with its reasons.</summary>
    public IReadOnlyDictionary<string, string> Refusals => _refusals;

    /// <summary>The endpoint behind a registration; null if there is none (any more).</summary>
    public Endpoint? Find(uint registrationId) => _byId.TryGetValue(registrationId, out var registered) ? registered.Endpoint : null;

    /// <summary>Runs until <paramref name="stop"/> or until the tunnel fails, which it throws.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            var (changed, ended) = (table.Changed, _someEnded.Task);
            await ReconcileAsync(table.Endpoints, stop).ConfigureAwait(false);
            _firstPass.TrySetResult();
            try
            {
                await Task.WhenAny(changed, ended).WaitAsync(UntilRetry(), time, stop).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Time to ask again for what was refused.
            }
        }
    }

    /// <summary>The server has ended a registration. Called by the tunnel's reader.</summary>
    public void NoteEnded(uint registrationId, string reason)
    {
        _ended.Enqueue((registrationId, reason));
        Interlocked.Exchange(ref _someEnded, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>Withdraws everything and waits for the server to confirm. Only after <see cref="RunAsync"/> has ended.</summary>
    public Task WithdrawAllAsync(CancellationToken cancellationToken) => ReconcileAsync(new Dictionary<string, Endpoint>(), cancellationToken);

    private async Task ReconcileAsync(IReadOnlyDictionary<string, Endpoint> wanted, CancellationToken stop)
    {
        TakeEnded();
        await DeregisterAsync([.. _registered.Values.Where(r => !IsWanted(r, wanted)), .. _replaced], stop).ConfigureAwait(false);
        foreach (var registered in _registered.Values)
            registered.Endpoint = wanted[registered.Endpoint.Spec.Id];
        // The idle streams that a server keeps lead to the service that they were opened to, so one that has moved is registered anew; only
        // then the former registration, and its idle streams with it, is withdrawn.
        _replaced.UnionWith(_registered.Values.Where(r => r.HasMoved));
        foreach (var moved in _replaced)
            _registered.Remove(moved.Endpoint.Spec.Id);
        foreach (var gone in _refused.Keys.Where(id => !wanted.ContainsKey(id)).ToArray())
            _refused.Remove(gone);
        await RegisterAsync([.. wanted.Values.Where(IsMissing)], stop).ConfigureAwait(false);
        await DeregisterAsync([.. _replaced], stop).ConfigureAwait(false);
        _refusals = _refused.ToDictionary(r => r.Key, r => r.Value.Reason);
    }

    private void TakeEnded()
    {
        while (_ended.TryDequeue(out var ended))
        {
            _replaced.RemoveWhere(r => r.Id == ended.Id);
            if (_registered.Values.FirstOrDefault(r => r.Id == ended.Id) is { } registered)
                Refuse(registered, ended.Reason);
        }

        Publish();
    }

    private TimeSpan UntilRetry()
    {
        if (_refused.Count == 0)
            return Timeout.InfiniteTimeSpan;
        var least = _refused.Values.Min(r => r.RetryAfter - time.GetElapsedTime(r.At));
        return least > TimeSpan.Zero ? least : FirstRetry; // one that has become due just now, or waits for its health
    }

    private static bool IsWanted(Registered registered, IReadOnlyDictionary<string, Endpoint> wanted) =>
        wanted.TryGetValue(registered.Endpoint.Spec.Id, out var endpoint)
        && endpoint.IsHealthy && endpoint.Spec.Protocol == registered.Endpoint.Spec.Protocol;

    private bool IsMissing(Endpoint endpoint) =>
        endpoint.IsHealthy && !_registered.ContainsKey(endpoint.Spec.Id)
        && !(_refused.TryGetValue(endpoint.Spec.Id, out var refused) && refused.Endpoint == endpoint && time.GetElapsedTime(refused.At) < refused.RetryAfter);

    private async Task RegisterAsync(Endpoint[] endpoints, CancellationToken stop)
    {
        if (endpoints.Length == 0)
            return;
        using var timeout = new CancellationTokenSource(AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        // A stream may be opened as soon as the server has accepted, before the answer was handled here.
        var added = Array.ConvertAll(endpoints, e => new Registered(++_lastId, e));
        foreach (var registered in added)
            _registered.Add(registered.Endpoint.Spec.Id, registered);
        Publish();
        try
        {
            var answers = await Task.WhenAll(added.Select(r => tunnel.RegisterAsync(r.Message, either.Token))).ConfigureAwait(false);
            for (var i = 0; i < added.Length; i++)
                Note(added[i], answers[i]);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new TunnelException(TunnelError.ProtocolError, $"the server answered no registration within {AnswerTimeout.TotalSeconds} s");
        }

        Publish();
    }

    private void Note(Registered registered, string? refusal)
    {
        if (refusal is not null)
        {
            Refuse(registered, refusal);
            return;
        }

        _refused.Remove(registered.Endpoint.Spec.Id);
        LogRegistered(registered.Endpoint.Spec, tunnel.Remote.Id);
    }

    private void Refuse(Registered registered, string refusal)
    {
        var (endpoint, id) = (registered.Endpoint, registered.Endpoint.Spec.Id);
        _registered.Remove(id);
        if (!_refused.TryGetValue(id, out var before) || before.Reason != refusal)
            LogRefused(endpoint.Spec, tunnel.Remote.Id, refusal);
        var bound = before is null ? FirstRetry : before.Bound * 2 < LastRetry ? before.Bound * 2 : LastRetry;
        _refused[id] = new Refused(endpoint, refusal, time.GetTimestamp(), bound, bound * (1 + (Random.Shared.NextDouble() / 2)));
    }

    private async Task DeregisterAsync(Registered[] registrations, CancellationToken stop)
    {
        if (registrations.Length == 0)
            return;
        using var timeout = new CancellationTokenSource(AnswerTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            // Until the server confirms it may open streams, and they are served.
            await Task.WhenAll(registrations.Select(r => tunnel.DeregisterAsync(r.Id, either.Token))).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new TunnelException(TunnelError.ProtocolError, $"the server confirmed no deregistration within {AnswerTimeout.TotalSeconds} s");
        }

        foreach (var registered in registrations)
        {
            if (!_replaced.Remove(registered))
                _registered.Remove(registered.Endpoint.Spec.Id);
            LogDeregistered(registered.Endpoint.Spec, tunnel.Remote.Id);
        }

        Publish();
    }

    private void Publish() => _byId = _registered.Values.Concat(_replaced).ToDictionary(r => r.Id);

    private sealed class Registered(uint id, Endpoint endpoint)
    {
        private volatile Endpoint _endpoint = endpoint;

        private readonly EndpointSpec _service = endpoint.Spec;

        public uint Id { get; } = id;

        /// <summary>True if the endpoint's service is no longer the one that it was registered for.</summary>
        public bool HasMoved => Endpoint.Spec.Target != _service.Target || Endpoint.Spec.Tls != _service.Tls;

        public Endpoint Endpoint
        {
            get => _endpoint;
            set => _endpoint = value;
        }

        public Registration Message => new() { Id = Id, EndpointId = Endpoint.Spec.Id, Protocol = Endpoint.Spec.Protocol };
    }

    private sealed record Refused(Endpoint Endpoint, string Reason, long At, TimeSpan Bound, TimeSpan RetryAfter);

    [LoggerMessage(3301, LogLevel.Information, "Registered {Endpoint} at node {Node}")]
    private partial void LogRegistered(EndpointSpec endpoint, string node);

    [LoggerMessage(3302, LogLevel.Error, "Node {Node} refuses {Endpoint}: {Reason}. It is asked again from time to time.")]
    private partial void LogRefused(EndpointSpec endpoint, string node, string reason);

    [LoggerMessage(3303, LogLevel.Information, "Withdrew {Endpoint} from node {Node}")]
    private partial void LogDeregistered(EndpointSpec endpoint, string node);
}
