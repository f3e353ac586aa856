using Pico.Gossip;
using Pico.Gossip.Core;
using Pico.Gossip.Wire;

namespace Pico.Tests.Gossip;

/// <summary>What single packets do to a core.</summary>
public sealed class GossipCoreTests
{
    private static readonly MemberRecord Self = RecordingOutput.RecordOf("self", 1, start: 100);
    private static readonly MemberRecord Other = RecordingOutput.RecordOf("other", 2, start: 100);

    private static readonly MemberRecord Third = RecordingOutput.RecordOf("third", 3, start: 100);

    private readonly RecordingOutput _output = new();
    private readonly GossipCore _core;
    private long _now;

    public GossipCoreTests() => _core = new GossipCore(new CoreOptions(), Self, new Random(1), _output, new GossipCounters(), 0);

    private delegate void Body(ref PayloadWriter writer);

    [Fact]
    public void Member_HeardOf_IsUpAndThenItsValues()
    {
        HearOfOther();
        HearDelta(to: 1, (ref PayloadWriter w) => Entry(ref w, 1, "key", "value"));

        Assert.Equal(["joined", "up other@100", "set other@100 key=value"], _output.Events);
    }

    [Fact]
    public void Delta_ThatDoesNotFollow_IsLeftOut()
    {
        HearOfOther();
        HearDelta(to: 9, from: 8, body: (ref PayloadWriter w) => Entry(ref w, 1, "key", "value"));

        Assert.DoesNotContain(_output.Events, e => e.StartsWith("set", StringComparison.Ordinal));
    }

    [Fact]
    public void SectionsAndUpdatesOfALaterVersion_AreSkipped()
    {
        Receive((ref PayloadWriter w) =>
        {
            w.Begin((Section)200);
            w.Bytes("something new"u8);
            w.End();
            w.Begin(Section.Updates);
            w.Byte(99);
            w.Byte(12);
            w.Bytes(new byte[12]);
            MemberUpdate.Write(ref w, UpdateKind.Alive, Other, 0);
            w.End();
        });

        Assert.Contains("up other@100", _output.Events);
    }

    [Fact]
    public void Member_ThatSpeaksOtherVersionsOnly_IsNotMet()
    {
        HearOfItself(Other with { Versions = 0x0203 });

        Assert.DoesNotContain(_output.Events, e => e.StartsWith("up", StringComparison.Ordinal));
    }

    [Fact]
    public void Record_UnderAForeignTag_IsNotMet()
    {
        HearOfItself(Other with { Tag = 42 });

        Assert.DoesNotContain(_output.Events, e => e.StartsWith("up", StringComparison.Ordinal));
    }

    [Fact]
    public void OlderLife_OfAKnownNode_IsRefusedAndTold()
    {
        HearOfOther();
        HearOf(RecordingOutput.RecordOf("other", 3, start: 99));

        Assert.Single(_output.Events, e => e.StartsWith("up", StringComparison.Ordinal));
    }

    [Fact]
    public void LaterLife_OfAKnownNode_ReplacesIt()
    {
        HearOfOther();
        HearOfItself(RecordingOutput.RecordOf("other", 2, start: 101));

        Assert.Equal(["joined", "up other@100", "down other@100 Replaced", "up other@101"], _output.Events);
    }

    [Fact]
    public void LaterLife_OfThisNode_ExpelsThisOne()
    {
        HearOfItself(RecordingOutput.RecordOf("self", 7, start: 101));

        Assert.Contains("expelled Replaced", _output.Events);
        Assert.True(_core.HasEnded);
    }

    [Fact]
    public void Life_ThatLeft_NeverComesBack()
    {
        HearOfOther();
        Update(UpdateKind.Left, Other.Tag, 0);
        HearOf(Other, incarnation: 50);

        Assert.Equal(["joined", "up other@100", "down other@100 Left"], _output.Events);
    }

    [Fact]
    public void Hearsay_OfAFailure_GivesTheMemberItsTime()
    {
        HearOfOther();
        Update(UpdateKind.Failed, Other.Tag, 0);
        Assert.Equal(MemberState.Suspect, _core.Table.Find(Other.Tag)!.Member.State);
        Pass(1900);
        Assert.DoesNotContain("down other@100 Failed", _output.Events);
        HearOf(Other, incarnation: 1);
        Pass(5000);

        // It has refuted that, but answers nothing: this node finds that out for itself.
        Assert.Equal(1u, _core.Table.Find(Other.Tag)!.Incarnation);
        Assert.Contains("down other@100 Failed", _output.Events);
    }

    [Fact]
    public void Failed_LifeWithAHigherIncarnation_ComesBackWithItsValues()
    {
        HearOfOther();
        HearDelta(to: 1, (ref PayloadWriter w) => Entry(ref w, 1, "key", "value"));
        Pass(6000);
        HearOf(Other, incarnation: 0);
        Assert.Equal("down other@100 Failed", _output.Events[^1]);
        HearOfItself(Third);
        HearOf(Other, incarnation: 7, from: Third);
        Assert.Equal("up third@100", _output.Events[^1]); // a third one's word is not enough
        HearFrom(Other, incarnation: 7);

        Assert.Equal(["up other@100", "set other@100 key=value"], _output.Events[^2..]);
    }

    [Fact]
    public void Suspicion_OfThisNode_IsRefuted()
    {
        HearOfOther();
        Update(UpdateKind.Suspect, Self.Tag, 0);

        Assert.Equal(1u, _core.Self.Incarnation);
    }

    [Fact]
    public void Greeting_EvenIfItIsAnOldOne_TeachesNothing()
    {
        Span<byte> buffer = stackalloc byte[GossipCore.MaxPayload];
        var writer = new PayloadWriter(buffer);
        writer.Begin(Section.Hello);
        MemberUpdate.WriteRecord(ref writer, Other, 0);
        writer.End();
        _core.Receive(_now, Other.Address, Other.Tag, isGreeting: true, writer.Written);

        Assert.Single(_output.Sent, s => s.Tag == Other.Tag);
        Assert.Equal(["joined"], _output.Events);
    }

    [Fact]
    public void Packets_StayUnderTheirLimit_WhateverThereIsToTell()
    {
        for (var i = 0; i < 200; i++)
            HearOfItself(RecordingOutput.RecordOf($"{new string('n', 100)}-{i}", i + 10));
        for (var i = 0; i < 100; i++)
            _core.Set(System.Text.Encoding.UTF8.GetBytes($"{new string('k', 200)}{i}"), new byte[GossipNode.MaxValueBytes]);
        Pass(3000);
        Receive((ref PayloadWriter w) =>
        {
            w.Begin(Section.Pull);
            w.UInt64(Self.Tag);
            w.VarInt(0);
            w.End();
        }, from: _core.Table.Up.First(p => p != _core.Self).Record);

        Assert.All(_output.Sent, s => Assert.InRange(s.Payload.Length, 1, GossipCore.MaxPayload));
        Assert.Contains(_output.Sent, s => s.Payload.Length > 1000);
    }

    private static void Entry(ref PayloadWriter writer, ulong step, string key, string value)
    {
        writer.VarInt(step);
        writer.Byte((byte)key.Length);
        writer.Bytes(System.Text.Encoding.UTF8.GetBytes(key));
        writer.VarInt((ulong)value.Length + 1);
        writer.Bytes(System.Text.Encoding.UTF8.GetBytes(value));
    }

    private void HearOfOther() => HearOfItself(Other);

    private void HearOfItself(MemberRecord record) => HearOf(record, from: record);

    private void HearOf(MemberRecord record, uint incarnation = 0, MemberRecord? from = null) => Receive((ref PayloadWriter w) =>
    {
        w.Begin(Section.Updates);
        MemberUpdate.Write(ref w, UpdateKind.Alive, record, incarnation);
        w.End();
    }, from);

    private void HearFrom(MemberRecord record, uint incarnation) => Receive((ref PayloadWriter w) =>
    {
        w.Begin(Section.Sender);
        w.VarInt(incarnation);
        w.UInt64(0);
        w.End();
    }, record);

    private void Update(UpdateKind kind, ulong tag, uint incarnation) => Receive((ref PayloadWriter w) =>
    {
        w.Begin(Section.Updates);
        MemberUpdate.WriteShort(ref w, kind, tag, incarnation);
        w.End();
    });

    private void HearDelta(ulong to, Body body, ulong from = 0) => Receive((ref PayloadWriter w) =>
    {
        w.Begin(Section.Delta);
        w.UInt64(Other.Tag);
        w.Byte(DeltaCodec.Last);
        w.UInt64(to);
        w.VarInt(from);
        w.VarInt(0);
        body(ref w);
        w.End();
    });

    private void Receive(Body body, MemberRecord? from = null)
    {
        Span<byte> buffer = stackalloc byte[GossipCore.MaxPayload];
        var writer = new PayloadWriter(buffer);
        body(ref writer);
        from ??= Other;
        _core.Receive(_now, from.Address, from.Tag, isGreeting: false, writer.Written);
    }

    private void Pass(long milliseconds)
    {
        for (var end = _now + milliseconds; _now < end; _now += 10)
            _core.Tick(_now);
    }
}
