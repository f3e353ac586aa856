namespace Pico.Cli.Status.Checking;

/// <summary>How a step of a request's way is.</summary>
internal enum Verdict
{
    Good,
    Doubtful,
    Broken,
}

/// <summary>What was found at a step of a request's way.</summary>
/// <param name="Step">The step.</param>
/// <param name="Verdict">How it is; nothing follows after one that is broken.</param>
/// <param name="Text">What was found.</param>
/// <param name="Advice">What to do; empty if nothing.</param>
internal sealed record Finding(string Step, Verdict Verdict, string Text, string Advice = "")
{
    public static Finding Good(string step, string text) => new(step, Verdict.Good, text);

    public static Finding Doubtful(string step, string text, string advice) => new(step, Verdict.Doubtful, text, advice);

    public static Finding Broken(string step, string text, string advice) => new(step, Verdict.Broken, text, advice);
}
