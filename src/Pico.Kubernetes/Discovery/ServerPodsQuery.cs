namespace Pico.Kubernetes.Discovery;

/// <summary>Which pods are servers.</summary>
/// <param name="Namespace">Their namespace.</param>
/// <param name="Selector">A label selector, as <c>kubectl --selector</c> takes it; empty: that of <paramref name="Service"/>.</param>
/// <param name="Service">The headless Service whose selector is asked for, which needs the permission to get it; not used with <paramref name="Selector"/>.</param>
public sealed record ServerPodsQuery(string Namespace, string Selector, string Service);
