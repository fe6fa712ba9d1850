using System.Text.Json;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Json;

namespace SessionMesh.Core.Keys;

/// <summary>
/// Which agents a key is for: those that meet every clause. A clause is <c>agent:ID</c>, <c>cluster:NAME</c> or <c>subtree:ID</c> (that
/// agent and all that are below it at the time). A key without a reach is for all. Immutable; equal by its clauses.
/// </summary>
public sealed class Reach : IEquatable<Reach>
{
    public const string Agent = "agent";
    public const string Cluster = "cluster";
    public const string Subtree = "subtree";

    private Reach(string[] clauses)
    {
        Clauses = clauses;
        Agents = Values(clauses, Agent);
        Clusters = Values(clauses, Cluster);
        Subtrees = Values(clauses, Subtree);
        Json = JsonSerializer.Serialize(clauses, TextJson.Default.StringArray);
    }

    /// <summary>In ordinal order, no duplicates.</summary>
    public IReadOnlyList<string> Clauses { get; }

    /// <summary>The clauses as a JSON array.</summary>
    public string Json { get; }

    public IReadOnlyList<string> Agents { get; }
    public IReadOnlyList<string> Clusters { get; }
    public IReadOnlyList<string> Subtrees { get; }

    /// <summary>The reach of those clauses, together with <paramref name="outer"/>; null for none.</summary>
    public static Reach? Of(IEnumerable<string>? clauses, Reach? outer = null)
    {
        string[] all = [.. (clauses ?? []).Concat(outer?.Clauses ?? []).Distinct().Order(StringComparer.Ordinal)];
        return all.Length == 0 ? null : new Reach(all);
    }

    public static Reach? FromJson(string? json) => json is null ? null : Of(JsonSerializer.Deserialize(json, TextJson.Default.StringArray));

    public static string OfAgent(string id) => $"{Agent}:{id}";

    public static string OfSubtree(string id) => $"{Subtree}:{id}";

    /// <summary>Splits a clause into its two parts; false for text that is not a clause.</summary>
    public static bool TryParse(string clause, out string kind, out string value)
    {
        var colon = clause.IndexOf(':', StringComparison.Ordinal);
        (kind, value) = colon < 0 ? ("", "") : (clause[..colon], clause[(colon + 1)..]);
        return kind is Agent or Cluster or Subtree && value.Length > 0;
    }

    /// <param name="at">Finds an agent by its number; null for one that was forgotten.</param>
    public bool Covers(Agent agent, Func<int, Agent?> at) => CoversPlace(agent.Id, agent.Cluster, agent.Parent, at);

    /// <summary>Whether the reach covers an agent that is, or would be, at this place.</summary>
    /// <param name="parent">Number of its parent; -1 for none.</param>
    public bool CoversPlace(string id, string cluster, int parent, Func<int, Agent?> at)
    {
        if (!CoversName(id, cluster))
        {
            return false;
        }

        foreach (var root in Subtrees)
        {
            if (!IsAtOrBelow(root, id, parent, at))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether an agent meets the clauses that its own record decides: all but those about subtrees.</summary>
    internal bool CoversName(string id, string cluster)
    {
        foreach (var name in Clusters)
        {
            if (name != cluster)
            {
                return false;
            }
        }

        foreach (var only in Agents)
        {
            if (only != id)
            {
                return false;
            }
        }

        return true;
    }

    public bool Equals(Reach? other) => other is not null && Json == other.Json;

    public override bool Equals(object? obj) => Equals(obj as Reach);

    public override int GetHashCode() => Json.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => string.Join(" and ", Clauses);

    private static bool IsAtOrBelow(string root, string id, int parent, Func<int, Agent?> at)
    {
        while (id != root)
        {
            if (parent < 0 || at(parent) is not { } above)
            {
                return false;
            }

            (id, parent) = (above.Id, above.Parent);
        }

        return true;
    }

    private static string[] Values(string[] clauses, string kind) =>
        [.. clauses.Where(clause => TryParse(clause, out var k, out _) && k == kind).Select(clause => clause[(kind.Length + 1)..])];
}
