using System.Text;
using System.Text.Json.Serialization;
using k8s.Models;

namespace Pico.Kubernetes.Resources.Client;

/// <summary>What of a kind is listed or watched. Empty: everything.</summary>
internal sealed record ListQuery(string? Namespace = null, string LabelSelector = "", string FieldSelector = "")
{
    /// <summary>The one object of that name: with such a selector, a permission can be narrowed to the name.</summary>
    public static ListQuery ForName(string? @namespace, string name) => new(@namespace, FieldSelector: $"metadata.name={name}");

    /// <summary>The query of the URL, with what is added to it.</summary>
    public string Write(params ReadOnlySpan<(string Key, string Value)> more)
    {
        var text = new StringBuilder();
        Add("labelSelector", LabelSelector);
        Add("fieldSelector", FieldSelector);
        foreach (var (key, value) in more)
            Add(key, value);
        return text.ToString();

        void Add(string key, string value)
        {
            if (value.Length > 0)
                text.Append(text.Length == 0 ? '?' : '&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        }
    }
}

/// <summary>A part of a list; <c>metadata.continue</c> leads to the next.</summary>
internal sealed class ListPage<T>
{
    [JsonPropertyName("metadata")]
    public V1ListMeta Metadata { get; set; } = new();

    [JsonPropertyName("items")]
    public IList<T> Items { get; set; } = [];
}

/// <summary>What happened to an object while it was watched.</summary>
internal enum WatchEventKind
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing happened until this resource version.</summary>
    Bookmark,
}

internal readonly record struct WatchEvent<T>(WatchEventKind Kind, T Object);
