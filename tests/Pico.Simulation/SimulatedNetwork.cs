using System.Net;

namespace Pico.Simulation;

/// <summary>Virtual time and a virtual network: everything happens in the order of its time, one thing at once, and chance comes from a seed.</summary>
internal sealed class SimulatedNetwork(int seed)
{
    private readonly PriorityQueue<Happening, (long At, long Order)> _queue = new();
    private readonly Dictionary<IPEndPoint, SimulatedNode> _nodes = [];
    private readonly Stack<byte[]> _buffers = new();
    private long _order;

    /// <summary>Milliseconds since the beginning.</summary>
    public long Now { get; private set; }

    public Random Random { get; } = new(seed);

    public NetworkConditions Conditions { get; set; } = new();

    /// <summary>Which side of a partition an address is on; equal sides reach each other.</summary>
    public Func<IPEndPoint, int> SideOf { get; set; } = static _ => 0;

    /// <summary>Whether two addresses don't reach each other though others reach both.</summary>
    public Func<IPEndPoint, IPEndPoint, bool> IsCut { get; set; } = static (_, _) => false;

    public long PacketsSent { get; private set; }

    public long BytesSent { get; private set; }

    /// <summary>Puts a node at its address, in the place of whoever was there.</summary>
    public void Attach(SimulatedNode node) => _nodes[node.Address] = node;

    public void Detach(SimulatedNode node)
    {
        if (_nodes.GetValueOrDefault(node.Address) == node)
            _nodes.Remove(node.Address);
    }

    public SimulatedNode? NodeAt(IPEndPoint address) => _nodes.GetValueOrDefault(address);

    public bool Reaches(IPEndPoint from, IPEndPoint to) => from.Equals(to) || (SideOf(from) == SideOf(to) && !IsCut(from, to));

    public void Send(IPEndPoint from, IPEndPoint to, ulong sender, ulong receiver, ReadOnlySpan<byte> packet)
    {
        PacketsSent++;
        BytesSent += packet.Length;
        if (!Reaches(from, to) || Random.NextDouble() < Conditions.Loss)
            return;
        Post(from, to, sender, receiver, packet, Delay());
        if (Conditions.Duplication > 0 && Random.NextDouble() < Conditions.Duplication)
            Post(from, to, sender, receiver, packet, Delay() + Random.Next(NetworkConditions.LongestRepeat));
    }

    public int Delay() => Random.Next(Conditions.MinDelay, Conditions.MaxDelay + 1);

    /// <summary>Does something later.</summary>
    public void Schedule(long at, Action action) => _queue.Enqueue(new Happening { Action = action }, (Math.Max(at, Now), ++_order));

    public void ScheduleTick(SimulatedNode node, long at) => _queue.Enqueue(new Happening { Node = node }, (Math.Max(at, Now), ++_order));

    /// <summary>Lets time pass up to a moment.</summary>
    public void RunUntil(long moment)
    {
        while (_queue.TryPeek(out var happening, out var due) && due.At <= moment)
        {
            _queue.Dequeue();
            Now = due.At;
            if (happening.Action is not null)
                happening.Action();
            else if (happening.Packet is not null)
                Deliver(happening);
            else
                happening.Node!.Tick(due.At);
        }

        Now = moment;
    }

    private void Post(IPEndPoint from, IPEndPoint to, ulong sender, ulong receiver, ReadOnlySpan<byte> packet, int delay)
    {
        var buffer = _buffers.TryPop(out var free) ? free : new byte[1400];
        packet.CopyTo(buffer);
        _queue.Enqueue(
            new Happening { Packet = buffer, Length = packet.Length, From = from, To = to, Sender = sender, Receiver = receiver }, (Now + delay, ++_order));
    }

    private void Deliver(Happening packet)
    {
        NodeAt(packet.To!)?.Receive(packet.From!, packet.Sender, packet.Receiver, packet.Packet.AsSpan(0, packet.Length));
        _buffers.Push(packet.Packet!);
    }

    private readonly struct Happening
    {
        public Action? Action { get; init; }

        public SimulatedNode? Node { get; init; }

        public byte[]? Packet { get; init; }

        public int Length { get; init; }

        public IPEndPoint? From { get; init; }

        public IPEndPoint? To { get; init; }

        public ulong Sender { get; init; }

        public ulong Receiver { get; init; }
    }
}
