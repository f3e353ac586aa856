namespace Pico.Tests.Configuration;

public sealed class RefusalTests
{
    [Theory]
    [InlineData("group.bind-addr", "8000", "[host]:port")]
    [InlineData("group.bind-addr", ":65536", "[host]:port")]
    [InlineData("group.bind-addr", "::1:80", "[host]:port")]
    [InlineData("group.bind-addr", "example.com:80", "[host]:port")]
    [InlineData("group.timeout", "30", "30s, 5m")]
    [InlineData("group.timeout", "5s1m", "30s, 5m")]
    [InlineData("group.timeout", "1s1s", "30s, 5m")]
    [InlineData("group.timeout", "2h", "from 1s to 1h; 0 means for ever")]
    [InlineData("group.timeout", "99999999999999999999s", "30s, 5m")]
    [InlineData("group.timeout", "-1s", "30s, 5m")]
    [InlineData("group.size", "64K", "64KiB")]
    [InlineData("group.size", "2MiB", "to 1MiB")]
    [InlineData("group.size", "9999999999999GiB", "64KiB")]
    [InlineData("group.inner.count", "11", "from 1 to 10")]
    [InlineData("group.inner.count", "1.5", "from 1 to 10")]
    [InlineData("enabled", "yes", "true or false")]
    [InlineData("color", "green", "red, blue")]
    [InlineData("networks", "10.0.0.0/33", "10.0.0.0/8")]
    public void Value_ThatIsNotAllowed_IsRefusedWithKeySourceValueAndWhatIs(string name, string value, string allowed)
    {
        var problem = Assert.Single(SampleOptions.Problems(flags: new() { [name] = value }));

        Assert.StartsWith($"{name} (--{name}): ", problem, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", problem, StringComparison.Ordinal);
        Assert.Contains(allowed, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Secret_ThatIsNotAllowed_IsNotShown()
    {
        var problem = Assert.Single(SampleOptions.Problems(environment: new() { ["PICO_PASSWORD"] = "hunter2" }));

        Assert.Contains("8 characters or more", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Variable_ThatIsUnknown_IsRefusedWithTheNearest()
    {
        var problem = Assert.Single(SampleOptions.Problems(environment: new() { ["PICO_GROUP_BIND_ADRR"] = ":1" }));

        Assert.Equal("PICO_GROUP_BIND_ADRR (environment): no such option; did you mean PICO_GROUP_BIND_ADDR?", problem);
    }

    [Theory]
    [InlineData("group:\n  bind-adr: ':1'", "group.bind-adr (pico.yaml:2:3): no such option; did you mean group.bind-addr?")]
    [InlineData("grop:\n  bind-addr: ':1'", "grop (pico.yaml:1:1): no such option; did you mean group?")]
    [InlineData("config: other.yaml", "config (pico.yaml:1:1): no such option")]
    [InlineData("group: 5", "group (pico.yaml:1:8): keys are expected here, not a value")]
    [InlineData("group:\n  - 5", "group (pico.yaml:2:3): keys and values are expected here")]
    [InlineData("enabled: [true]", "enabled (pico.yaml:1:10): a list is not allowed here; allowed: true or false")]
    [InlineData("enabled:\n  really: true", "enabled (pico.yaml:2:3): a group of keys is not a value; allowed: true or false")]
    [InlineData("color:", "color (pico.yaml:1:7): has no value (write '' for an empty one); allowed: one of red, blue")]
    [InlineData("color: null", "color (pico.yaml:1:8): has no value (write '' for an empty one); allowed: one of red, blue")]
    [InlineData("color: &a blue", "color (pico.yaml:1:8): anchors and aliases are not allowed")]
    [InlineData("color: blue\ncolor: red", "color (pico.yaml:2:1): given more than once")]
    [InlineData("group:\n  inner:\n    count: many", "group.inner.count (pico.yaml:3:12): 'many' is not allowed; allowed: a whole number from 1 to 10")]
    [InlineData("networks: [[10.0.0.0/8]]", "networks (pico.yaml:1:12): an item of the list is not a plain value; allowed: a list, each item a network such as 10.0.0.0/8 or fd00::/8, or one address")]
    public void File_WithAMistake_IsRefusedWithLineAndColumn(string yaml, string expected) => Assert.Equal([expected], SampleOptions.Problems(yaml: yaml));

    [Theory]
    [InlineData("color: 'blue")]
    [InlineData("a: b: c")]
    [InlineData("group:\n\tenabled: true")]
    [InlineData("color: *blue")]
    [InlineData("--- {}\n--- {}")]
    [InlineData("? [a]\n: b")]
    [InlineData("just words")]
    [InlineData("{a: {a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}}")]
    public void File_ThatIsBroken_IsRefusedAndNothingThrown(string yaml) => Assert.NotEmpty(SampleOptions.Problems(yaml: yaml));

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    [InlineData("{}")]
    [InlineData("group:\n")]
    public void File_WithoutAnything_IsAllowed(string yaml) => Assert.Empty(SampleOptions.Problems(yaml: yaml));

    [Fact]
    public void File_ThatIsMissing_IsRefused() =>
        Assert.Equal(["config (--config): '/nowhere/pico.yaml' is not allowed; allowed: the path of a file that exists"], SampleOptions.Problems(new() { ["config"] = "/nowhere/pico.yaml" }));

    [Fact]
    public void File_ThatIsTooGreat_IsRefused() => Assert.Contains("greater than", Assert.Single(SampleOptions.Problems(yaml: new string('#', 1024 * 1024 + 1))), StringComparison.Ordinal);

    [Fact]
    public void Rule_OverSeveralOptions_IsAskedOnceTheirValuesAreGood()
    {
        Assert.Equal(["enabled (--enabled): needs a password"], SampleOptions.Problems(new() { ["enabled"] = "true" }));
        Assert.Empty(SampleOptions.Problems(new() { ["enabled"] = "true", ["password"] = "long enough" }));
    }

    [Fact]
    public void Everything_ThatIsWrong_IsToldAtOnce() => Assert.Equal(4, SampleOptions.Problems(
        flags: new() { ["group.size"] = "much" },
        environment: new() { ["PICO_COLOR"] = "green", ["PICO_COLOUR"] = "red" },
        yaml: "group:\n  inner:\n    count: 0\n").Length);
}
