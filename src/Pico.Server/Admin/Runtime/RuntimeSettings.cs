using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Pico.Server.Hosting;
using Pico.Server.Observing.AccessLogs;

namespace Pico.Server.Admin.Runtime;

/// <summary>
/// What can be changed while the server runs, until it ends or for a while: <c>/log-level</c> and <c>/access-log</c>. GET says what holds, PUT with parameters
/// changes it and says the same. It is the node's own: others are asked one by one.
/// </summary>
internal static class RuntimeSettings
{
    // A day of debug messages is a mistake more often than a wish; no end at all is one that was said.
    private static readonly TimeSpan MaxDuration = TimeSpan.FromDays(1);

    private static readonly (string Word, LogLevel Level)[] Levels =
    [
        ("trace", LogLevel.Trace), ("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warn", LogLevel.Warning), ("error", LogLevel.Error), ("none", LogLevel.None),
    ];

    /// <summary>Adds the paths.</summary>
    public static PathTable ChangeRuntimeSettings(this PathTable paths) => paths
        .Get("/log-level", SayLevelsAsync)
        .Put("/log-level", OperatorGuard.For(ChangeLevelAsync))
        .Get("/access-log", SayAccessLogAsync)
        .Put("/access-log", OperatorGuard.For(ChangeAccessLogAsync));

    private static async Task ChangeLevelAsync(HttpContext context)
    {
        var query = context.Request.Query;
        if (context.RequestServices.GetRequiredService<AdminOptions>().LogLevels is not { } levels)
        {
            await Problem.WriteAsync(context, StatusCodes.Status501NotImplemented, "not_available", "The log of this server is its owner's, who lets nobody change it.");
            return;
        }

        if (await RefusesUnknownAsync(context, "level", "category", "for"))
            return;
        var (level, category) = (query["level"].ToString(), query["category"].ToString());
        var index = Array.FindIndex(Levels, l => l.Word == level);
        if (index < 0 && level != "default")
        {
            await RefuseAsync(context, $"level={level} is not valid: one of {string.Join(", ", Levels.Select(l => l.Word))}, default.");
            return;
        }

        if (!TryReadDuration(query["for"], out var duration))
        {
            await RefuseAsync(context, DurationRule(query["for"]));
            return;
        }

        if (index < 0)
            levels.Reset(category);
        else if (!levels.Set(category, Levels[index].Level, duration))
        {
            await RefuseAsync(context, "There are too many categories with a level of their own: set some back to default.");
            return;
        }

        await SayLevelsAsync(context);
    }

    private static Task SayLevelsAsync(HttpContext context)
    {
        var rules = context.RequestServices.GetRequiredService<AdminOptions>().LogLevels?.Rules ?? [];
        return WriteAsync(
            context,
            new LogLevelStatus([.. rules.Select(r => new LogLevelRule(r.Category, Array.Find(Levels, l => l.Level == r.Level).Word, r.Until))]),
            RuntimeJson.Default.LogLevelStatus);
    }

    private static async Task ChangeAccessLogAsync(HttpContext context)
    {
        if (await RefusesUnknownAsync(context, "enabled", "sample", "for"))
            return;
        var query = context.Request.Query;
        var log = context.RequestServices.GetRequiredService<AccessLog>();
        var (enabled, sample) = (log.IsEnabled, log.Sample);
        var isDefault = query["enabled"] == "default";
        if (!isDefault && query["enabled"].Count > 0 && !bool.TryParse(query["enabled"], out enabled))
            await RefuseAsync(context, $"enabled={query["enabled"]} is not valid: one of true, false, default.");
        else if (query["sample"].Count > 0
            && !(double.TryParse(query["sample"], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out sample) && sample is >= 0 and <= 1))
            await RefuseAsync(context, $"sample={query["sample"]} is not valid: a number from 0 to 1.");
        else if (!TryReadDuration(query["for"], out var duration))
            await RefuseAsync(context, DurationRule(query["for"]));
        else
        {
            if (isDefault)
                log.Reset();
            else
                log.Change(enabled, sample, duration);
            await SayAccessLogAsync(context);
        }
    }

    private static Task SayAccessLogAsync(HttpContext context)
    {
        var log = context.RequestServices.GetRequiredService<AccessLog>();
        return WriteAsync(context, new AccessLogStatus(log.IsEnabled, log.Sample, log.Until, log.Written, log.Dropped), RuntimeJson.Default.AccessLogStatus);
    }

    private static async Task<bool> RefusesUnknownAsync(HttpContext context, params string[] known)
    {
        var unknown = context.Request.Query.Keys.FirstOrDefault(k => !known.Contains(k));
        if (unknown is not null)
            await RefuseAsync(context, $"{unknown} is no parameter of this path: it has {string.Join(", ", known)}.");
        return unknown is not null;
    }

    private static bool TryReadDuration(StringValues text, out TimeSpan? duration)
    {
        duration = null;
        if (text.Count == 0)
            return true;
        if (!double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || !(seconds > 0 && seconds <= MaxDuration.TotalSeconds))
            return false;
        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    private static string DurationRule(StringValues text) => $"for={text} is not valid: a number of seconds, at most {MaxDuration.TotalSeconds}.";

    private static Task RefuseAsync(HttpContext context, string detail) => Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "invalid_query", detail);

    private static Task WriteAsync<T>(HttpContext context, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        context.Response.WriteAsJsonAsync(value, type, cancellationToken: context.RequestAborted);
}

/// <summary>What <c>/log-level</c> answers.</summary>
/// <param name="Levels">The levels that hold, the general ones first; the first is that of all categories.</param>
internal sealed record LogLevelStatus(IReadOnlyList<LogLevelRule> Levels);

/// <summary>A level that holds.</summary>
/// <param name="Category">What the names of the categories begin with; empty: all.</param>
/// <param name="Level">trace, debug, info, warn, error, or none.</param>
/// <param name="Until">When it ends; null: never.</param>
internal sealed record LogLevelRule(string Category, string Level, DateTimeOffset? Until);

/// <summary>What <c>/access-log</c> answers.</summary>
/// <param name="Enabled">Whether requests are logged.</param>
/// <param name="Sample">Which share of them, 0 to 1.</param>
/// <param name="Until">When that ends, and what held before holds again; null: never.</param>
/// <param name="Written">Entries that were written.</param>
/// <param name="Dropped">Entries that were lost.</param>
internal sealed record AccessLogStatus(bool Enabled, double Sample, DateTimeOffset? Until, long Written, long Dropped);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(LogLevelStatus))]
[JsonSerializable(typeof(AccessLogStatus))]
internal sealed partial class RuntimeJson : JsonSerializerContext;
