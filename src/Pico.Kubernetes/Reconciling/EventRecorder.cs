using System.Text.Json.Nodes;
using System.Threading.Channels;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Pico.Kubernetes.Resources;
using Pico.Kubernetes.Resources.Client;

namespace Pico.Kubernetes.Reconciling;

/// <summary>What an Event is about.</summary>
internal readonly record struct EventTarget(string ApiVersion, string Kind, ObjectKey Key, string Uid)
{
    public static EventTarget Of(PicoEndpoint endpoint) =>
        new(ResourceTypes.PicoEndpoints.ApiVersion, ResourceTypes.PicoEndpoints.Kind, endpoint.Key, endpoint.Metadata.Uid ?? "");

    public static EventTarget Of(AgentPod pod) => new(ResourceTypes.Pods.ApiVersion, ResourceTypes.Pods.Kind, pod.Key, pod.Uid);
}

/// <summary>
/// Writes Events, one after the other, without holding anybody up. The same message about the same object has one Event, whichever controller writes
/// it, since its name follows from them; it is renewed at most every ten minutes. Events are hints: those that cannot be written are dropped.
/// </summary>
internal sealed partial class EventRecorder(KubeClient client, string identity, ControllerMetrics metrics, TimeProvider time, ILogger logger)
{
    private const int MaxWaiting = 1000;
    private const int MaxRemembered = 4096;
    private const int MaxMessage = 1000;
    private const int MaxTargetInName = 200;
    private static readonly TimeSpan Renewal = TimeSpan.FromMinutes(10);

    private readonly Channel<Entry> _waiting =
        Channel.CreateBounded<Entry>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite });

    // The loop's own: when each was written last, and how often.
    private readonly Dictionary<string, (long At, int Count)> _written = new(StringComparer.Ordinal);

    public void Normal(EventTarget target, string reason, string message) => _waiting.Writer.TryWrite(new(target, "Normal", reason, message));

    public void Warning(EventTarget target, string reason, string message) => _waiting.Writer.TryWrite(new(target, "Warning", reason, message));

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var entry in _waiting.Reader.ReadAllAsync(stop))
                await WriteAsync(entry, stop);
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
    }

    private async Task WriteAsync(Entry entry, CancellationToken stop)
    {
        var name = $"{entry.Target.Key.Name[..Math.Min(entry.Target.Key.Name.Length, MaxTargetInName)]}.{AgentConfigWriter.Hash($"{entry.Target.Uid} {entry.Reason} {entry.Message}")}";
        var (at, count) = _written.GetValueOrDefault(name);
        if (count > 0 && time.GetElapsedTime(at) < Renewal)
            return;
        if (_written.Count >= MaxRemembered)
            _written.Clear();
        _written[name] = (time.GetTimestamp(), count + 1);
        try
        {
            await CreateOrRenewAsync(name, entry, count + 1, stop);
            metrics.EventWritten(entry.Reason);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogDropped(entry.Reason, $"{entry.Target.Key}", e.Message);
        }
    }

    private async Task CreateOrRenewAsync(string name, Entry entry, int count, CancellationToken stop)
    {
        var now = time.GetUtcNow().UtcDateTime;
        try
        {
            await client.CreateAsync(ResourceTypes.Events, Event(name, entry, now), stop);
        }
        catch (KubeApiException e) when (e.IsConflict)
        {
            var patch = new JsonObject { ["count"] = count, ["lastTimestamp"] = now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'") };
            await client.MergeAsync(ResourceTypes.Events, new ObjectKey(entry.Target.Key.Namespace, name), null, patch, stop);
        }
    }

    private Corev1Event Event(string name, Entry entry, DateTime now) => new()
    {
        ApiVersion = ResourceTypes.Events.ApiVersion,
        Kind = ResourceTypes.Events.Kind,
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = entry.Target.Key.Namespace },
        InvolvedObject = new V1ObjectReference
        {
            ApiVersion = entry.Target.ApiVersion,
            Kind = entry.Target.Kind,
            Name = entry.Target.Key.Name,
            NamespaceProperty = entry.Target.Key.Namespace,
            Uid = entry.Target.Uid,
        },
        Type = entry.Type,
        Reason = entry.Reason,
        Message = entry.Message.Length > MaxMessage ? entry.Message[..MaxMessage] + " …" : entry.Message,
        FirstTimestamp = now,
        LastTimestamp = now,
        Count = 1,
        Source = new V1EventSource { Component = PicoNames.Controller },
        ReportingComponent = PicoNames.Prefix + "controller",
        ReportingInstance = identity,
    };

    private sealed record Entry(EventTarget Target, string Type, string Reason, string Message);

    [LoggerMessage(6501, LogLevel.Debug, "The event {Reason} about {Target} is dropped: {Why}")]
    private partial void LogDropped(string reason, string target, string why);
}
