using Pico.Gossip;
using Pico.Gossip.Core;
using Pico.Gossip.State;
using Pico.Gossip.Wire;

namespace Pico.Tests.Gossip;

/// <summary>A life that this node hears of from others only.</summary>
public sealed class MeetingTests
{
    private const string Up = "up third@1";

    private static readonly MemberRecord Other = RecordingOutput.RecordOf("other", 2);
    private static readonly MemberRecord Third = RecordingOutput.RecordOf("third", 3);

    private readonly RecordingOutput _output = new();
    private readonly GossipCore _core;
    private long _now;

    public MeetingTests()
    {
        _core = new GossipCore(new CoreOptions { HasJoinTargets = true }, RecordingOutput.RecordOf("self", 1), new Random(1), _output, new GossipCounters(), 0);
        Hear(from: Other, Telling(Other));
    }

    private delegate void Body(ref PayloadWriter writer);

    [Fact]
    public void Life_ThatAnotherTellsOf_IsUpWhenItHasAnswered()
    {
        Hear(from: Other, Telling(Third));
        Pass(100);
        Assert.DoesNotContain(Up, _output.Events);
        Assert.Single(AsksOf(Third));

        Hear(from: Third, Answering(0));
        Assert.Contains(Up, _output.Events);
    }

    [Fact]
    public void Life_ThatDoesNotAnswer_IsAskedAFewTimesAndForgotten()
    {
        Hear(from: Other, Telling(Third));
        Pass(10_000);

        Assert.DoesNotContain(Up, _output.Events);
        Assert.Equal(4, AsksOf(Third).Count());
        Assert.Null(_core.OwnerOf(Third.Tag));
    }

    [Fact]
    public void Life_ThatIsForgotten_IsAskedAgainWhenSomebodyTellsOfItAgain()
    {
        Hear(from: Other, Telling(Third));
        Pass(3000);
        Hear(from: Other, Telling(Third));
        Pass(100);

        Assert.Equal(5, AsksOf(Third).Count());
    }

    [Fact]
    public void Life_ThatAnswersAHelper_IsUp()
    {
        Hear(from: Other, Telling(Third));
        Pass(300);
        var request = Assert.Single(_output.Sent, s => Has(s.Payload, Section.PingRequest));
        Assert.Equal(Other.Tag, request.Tag);

        Hear(from: Other, Answering(1, of: Third));
        Assert.Contains(Up, _output.Events);
    }

    [Fact]
    public void Life_ThatHasLeftMeanwhile_IsNotUpWhenItAnswers()
    {
        Hear(from: Other, Telling(Third));
        Hear(from: Other, (ref PayloadWriter w) =>
        {
            w.Begin(Section.Updates);
            MemberUpdate.WriteShort(ref w, UpdateKind.Left, Third.Tag, 0);
            w.End();
        });
        Hear(from: Third, Answering(0));

        Assert.DoesNotContain(Up, _output.Events);
    }

    [Fact]
    public void LaterLife_ThatAnotherTellsOf_ReplacesTheFirstWhenItHasAnswered()
    {
        var later = RecordingOutput.RecordOf("other", 2, start: 2);
        Hear(from: Third, Telling(Third));
        Hear(from: Third, Telling(later));
        Assert.DoesNotContain("down other@1 Replaced", _output.Events);
        Hear(from: later, Answering(0));

        Assert.Equal(["down other@1 Replaced", "up other@2"], _output.Events[^2..]);
    }

    [Fact]
    public void Lives_ManyAtOnce_AreAskedAtABoundedRateWithNothingElseInThePacket()
    {
        var many = Enumerable.Range(0, 200).Select(i => RecordingOutput.RecordOf($"{new string('n', 100)}-{i}", i + 10)).ToList();
        foreach (var record in many)
            Hear(from: Other, Telling(record));
        _output.Sent.Clear();
        Pass(20);

        Assert.Equal(64, Asks().Count());
        Pass(100);
        Assert.Equal(200, Asks().Count());
        Assert.All(Asks(), ask => Assert.InRange(ask.Payload.Length, 1, 100));

        IEnumerable<(System.Net.IPEndPoint To, ulong Tag, byte[] Payload)> Asks() => many.SelectMany(AsksOf);
    }

    [Fact]
    public void Values_ThatAnExchangeBroughtBeforeTheAnswer_AreToldAfterIt()
    {
        var log = new KeyValueLog();
        log.Set(1, "key"u8, "value"u8);
        Exchange(Third, log);
        Assert.Equal(["up other@1"], _output.Events);
        Hear(from: Third, Answering(0));

        Assert.Equal(["up other@1", Up, "set third@1 key=value"], _output.Events);
    }

    [Fact]
    public void Exchange_WhoseLivesHaveAnswered_IsTheEndOfJoining()
    {
        Exchange(Third, new KeyValueLog());
        Pass(100);
        Assert.DoesNotContain("joined", _output.Events);
        Hear(from: Third, Answering(0));
        Pass(10);

        Assert.Contains("joined", _output.Events);
    }

    [Fact]
    public void Exchange_OfWhichALifeDoesNotAnswer_IsTheEndOfJoiningAfterTwoSeconds()
    {
        Exchange(Third, new KeyValueLog());
        Pass(1900);
        Assert.DoesNotContain("joined", _output.Events);
        Pass(200);

        Assert.Contains("joined", _output.Events);
    }

    [Fact]
    public void Node_ThatLeaves_SaysSoInEveryPacket()
    {
        _core.Leave(_now);
        _output.Sent.Clear();
        Hear(from: Third, (ref PayloadWriter w) =>
        {
            w.Begin(Section.Ping);
            w.UInt32(7);
            w.End();
        });
        Pass(100);

        Assert.NotEmpty(_output.Sent);
        Assert.All(_output.Sent, sent => Assert.True(SaysLeft(sent.Payload)));
    }

    private static Body Telling(MemberRecord record) => (ref PayloadWriter w) =>
    {
        w.Begin(Section.Updates);
        MemberUpdate.Write(ref w, UpdateKind.Alive, record, 0);
        w.End();
    };

    private static Body Answering(uint number, MemberRecord? of = null) => (ref PayloadWriter w) =>
    {
        w.Begin(Section.Ack);
        w.UInt32(number);
        if (of is not null)
        {
            w.UInt64(of.Tag);
            w.VarInt(0);
        }

        w.End();
    };

    private static bool Has(byte[] payload, Section wanted)
    {
        var reader = new PayloadReader(payload);
        while (reader.Next(out var section, out _))
        {
            if (section == wanted)
                return true;
        }

        return false;
    }

    private bool SaysLeft(byte[] payload)
    {
        var reader = new PayloadReader(payload);
        while (reader.Next(out var section, out var body))
        {
            if (section == Section.Updates)
                return body.Byte() == (byte)UpdateKind.Left && body.Byte() > 0 && body.UInt64() == _core.Self.Tag;
        }

        return false;
    }

    private IEnumerable<(System.Net.IPEndPoint To, ulong Tag, byte[] Payload)> AsksOf(MemberRecord record) =>
        _output.Sent.Where(s => s.Tag == record.Tag && s.To.Equals(record.Address) && Has(s.Payload, Section.Ping));

    /// <summary>What a whole exchange with the other member brings.</summary>
    private void Exchange(MemberRecord record, KeyValueLog log)
    {
        var frame = new byte[SyncConversation.MaxFrame];
        var conversation = _core.OpenSync(isCaller: true);
        conversation.TryWrite(frame);
        var writer = new PayloadWriter(frame);
        Telling(record)(ref writer);
        DeltaCodec.Write(ref writer, record.Tag, log, 0, rebuild: false, out _);
        writer.Begin(Section.EndOfTurn);
        writer.Byte(0);
        writer.End();
        conversation.Receive(_now, writer.Written);
        conversation.TryWrite(new byte[SyncConversation.MaxFrame]);
        Assert.True(conversation.IsComplete);
        _core.SyncEnded(_now, complete: true);
    }

    private void Hear(MemberRecord from, Body body)
    {
        Span<byte> buffer = stackalloc byte[GossipCore.MaxPayload];
        var writer = new PayloadWriter(buffer);
        body(ref writer);
        _core.Receive(_now, from.Address, from.Tag, isGreeting: false, writer.Written);
    }

    private void Pass(long milliseconds)
    {
        for (var end = _now + milliseconds; _now < end; _now += 5)
            _core.Tick(_now);
    }
}
