using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Pico.ClusterTests.Fixtures;

/// <summary>Classes of the collection <see cref="Alone"/> that come after all others, by their numbers: what has been running beside those is awaited then, and what breaks a machine of the cluster breaks it then.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class RunsLastAttribute(int order) : Attribute
{
    public int Order => order;
}

/// <inheritdoc cref="RunsLastAttribute"/>
public sealed class LastClasses : ITestClassOrderer
{
    public IReadOnlyCollection<TTestClass?> OrderTestClasses<TTestClass>(IReadOnlyCollection<TTestClass?> testClasses)
        where TTestClass : notnull, ITestClass =>
        [.. testClasses.OrderBy(static c => (c as IXunitTestClass)?.Class.GetCustomAttribute<RunsLastAttribute>()?.Order ?? 0)];
}
