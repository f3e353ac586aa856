namespace Pico.Configuration.Completion;

/// <summary>What the word under the cursor may become.</summary>
/// <param name="Word">The whole word.</param>
/// <param name="Description">What it is, in a line; empty if it says that itself.</param>
internal readonly record struct Candidate(string Word, string Description = "");
