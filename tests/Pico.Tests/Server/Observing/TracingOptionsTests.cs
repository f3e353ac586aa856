using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using Pico.Server.Hosting;
using Pico.Server.Observing.Tracing;

namespace Pico.Tests.Server.Observing;

public sealed class TracingOptionsTests
{
    [Theory]
    [InlineData("", false)]
    [InlineData("OTEL_SERVICE_NAME=pico", false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", true)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://collector:4318/v1/traces", true)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://collector:4318/v1/metrics", false)]
    [InlineData("OTEL_TRACES_EXPORTER=otlp", true)]
    [InlineData("OTEL_TRACES_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", false)]
    [InlineData("OTEL_SDK_DISABLED=true OTEL_TRACES_EXPORTER=otlp", false)]
    public void IsEnabled_ByTheStandardVariables(string variables, bool expected) => Assert.Equal(expected, Options(variables).IsEnabled);

    [Theory]
    [InlineData("OTEL_TRACES_EXPORTER=jaeger")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317")]
    [InlineData("OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=nowhere")]
    public void Validate_WithAVariableThatCannotBe_NamesIt(string variables)
    {
        var options = TestServer.Options();
        options.Tracing = Options(variables);
        Assert.StartsWith("OTEL_", Assert.Single(ServerOptionsValidator.Validate(options)).Key);
    }

    [Fact]
    public void MayRecord_WithoutASampler_TheFirstOfEachSecondAndWhatClientsRecord()
    {
        var time = new FakeTimeProvider();
        using var tracer = new Tracer(new NodeIdentity(new ServerOptions()), time, new TracingOptions());
        Assert.Equal(Tracer.TracesPerSecond, Count());
        Assert.True(tracer.MayRecord(Parent(ActivityTraceFlags.Recorded)));
        Assert.False(tracer.MayRecord(Parent(ActivityTraceFlags.None)));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(Tracer.TracesPerSecond, Count());

        int Count() => Enumerable.Range(0, 1000).Count(_ => tracer.MayRecord(default));
    }

    [Fact]
    public void MayRecord_WithASampler_LeavesItToThat()
    {
        using var tracer = new Tracer(new NodeIdentity(new ServerOptions()), new FakeTimeProvider(), Options("OTEL_TRACES_SAMPLER=always_on"));
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.True(tracer.MayRecord(default)));
        Assert.True(tracer.MayRecord(Parent(ActivityTraceFlags.None)));
    }

    [Fact]
    public void UnrecordedTrace_IsAParentThatCanBeBelieved()
    {
        for (var i = 0; i < 1000; i++)
        {
            var context = UnrecordedTrace.Create().ToContext();
            Assert.Equal(ActivityTraceFlags.None, context.TraceFlags);
        }
    }

    private static ActivityContext Parent(ActivityTraceFlags flags) => new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags);

    private static TracingOptions Options(string variables) => new()
    {
        Variables = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]),
    };
}
