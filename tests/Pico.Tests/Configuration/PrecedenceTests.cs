namespace Pico.Tests.Configuration;

public sealed class PrecedenceTests
{
    private const string Yaml = "group:\n  bind-addr: ':1'\n";

    private static readonly Dictionary<string, string> Variable = new() { ["PICO_GROUP_BIND_ADDR"] = ":2" };
    private static readonly Dictionary<string, string> Flag = new() { ["group.bind-addr"] = ":3" };

    [Fact]
    public void Value_WithoutAnySource_IsTheDefault()
    {
        var loaded = SampleOptions.Load();

        Assert.Equal(":8000", loaded.Value.Address);
        Assert.All(loaded.Effective, o => Assert.True(o.IsDefault));
        Assert.Empty(loaded.Problems);
    }

    [Fact]
    public void Value_InTheFile_OverrulesTheDefault() => Assert.Equal(":1", SampleOptions.Load(yaml: Yaml).Value.Address);

    [Fact]
    public void Value_InTheEnvironment_OverrulesTheFile() => Assert.Equal(":2", SampleOptions.Load(environment: Variable, yaml: Yaml).Value.Address);

    [Fact]
    public void Value_OnTheCommandLine_OverrulesTheEnvironmentAndTheFile()
    {
        var loaded = SampleOptions.Load(Flag, Variable, Yaml);

        Assert.Equal(":3", loaded.Value.Address);
        Assert.Equal("--group.bind-addr", loaded.Effective.Single(o => o.Name == "group.bind-addr").Source);
    }

    [Fact]
    public void Value_ThatIsOverruled_IsCheckedAllTheSame() =>
        Assert.Contains(SampleOptions.Problems(Flag, new() { ["PICO_GROUP_BIND_ADDR"] = "nonsense" }), p => p.Contains("PICO_GROUP_BIND_ADDR", StringComparison.Ordinal));

    [Fact]
    public void Values_OfEveryType_AreReadFromTheFile()
    {
        var loaded = SampleOptions.Load(yaml: """
            group:
              timeout: 1m30s
              size: 64KiB
              inner:
                count: 7
            color: Blue
            networks: [10.0.0.0/8, "fd00::/8"]
            enabled: true
            password: correct horse
            """);

        Assert.Empty(loaded.Problems);
        var value = loaded.Value;
        Assert.Equal((TimeSpan.FromSeconds(90), 65536, 7, ConsoleColor.Blue, true), (value.Timeout, value.Size, value.Count, value.Color, value.Enabled));
        Assert.Equal(["10.0.0.0/8", "fd00::/8"], value.Networks);
    }

    [Fact]
    public void List_InTheEnvironment_IsSplitAtCommas() =>
        Assert.Equal(["10.0.0.0/8", "::1"], SampleOptions.Load(environment: new() { ["PICO_NETWORKS"] = "10.0.0.0/8, ::1" }).Value.Networks);

    [Fact]
    public void Secret_AmongTheEffectiveOptions_IsNotShown() =>
        Assert.DoesNotContain(SampleOptions.Load(new() { ["password"] = "correct horse" }).Effective, o => o.ToString().Contains("correct", StringComparison.Ordinal));

    [Fact]
    public void Variables_ThatOthersSet_AreLeftAlone() => Assert.Empty(SampleOptions.Problems(environment: new()
    {
        ["PICO_SERVICE_HOST"] = "10.0.0.1",
        ["PICO_SERVICE_PORT"] = "8000",
        ["PICO_SERVICE_PORT_PROXY"] = "8000",
        ["PICO_PORT"] = "tcp://10.0.0.1:8000",
        ["PICO_SERVER_PORT_8000_TCP"] = "tcp://10.0.0.1:8000",
        ["PICO_SERVER_PORT_8000_TCP_ADDR"] = "10.0.0.1",
        ["PICO_TEST_SEED"] = "1",
        ["PICOLO"] = "1",
    }));
}
