using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Discovery;

/// <summary>Which agents a list asks for: those that match all that is given.</summary>
internal sealed record AgentCriteria
{
    /// <summary>The parameters that say it.</summary>
    public static readonly string[] Parameters =
        ["filter", "specialization", "any_specialization", "label", "cluster", "user", "parent", "subtree", "prefix", "q"];

    /// <summary>Those of them that may be given several times.</summary>
    public static readonly string[] Repeatable = ["specialization", "any_specialization"];

    /// <summary>Words of a search at most.</summary>
    private const int MostWords = 8;

    public AgentFilter Filter { get; init; } = AgentFilter.All;

    /// <summary>It has all of these.</summary>
    public IReadOnlyList<string> Specializations { get; init; } = [];

    /// <summary>It has one of these, where there are any.</summary>
    public IReadOnlyList<string> AnySpecialization { get; init; } = [];
    public IReadOnlyList<LabelTerm> Labels { get; init; } = [];
    public string? Cluster { get; init; }
    public string? User { get; init; }

    /// <summary>It is a child of this agent.</summary>
    public string? Parent { get; init; }

    /// <summary>It is this agent, or below it.</summary>
    public string? Subtree { get; init; }

    /// <summary>Its id begins so.</summary>
    public string? Prefix { get; init; }

    /// <summary>Each of these is in one of its texts, in upper or lower case.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Whether agents have to be looked at one by one, because no index knows the answer.</summary>
    public bool LooksAtEach =>
        Filter.Also is not null || Labels.Count > 0 || User is not null || Prefix is not null || Words.Count > 0;

    /// <summary>The bits that the <see cref="Signatures"/> of every agent in the list have.</summary>
    public ulong Signature => Labels.Where(term => !term.IsNot).Aggregate(
        User is null ? 0 : Signatures.OfUser(User), static (bits, term) => bits | Signatures.OfLabel(term.Name, term.Value));

    /// <summary>Whether a change of one agent can bring others into the list, or out of it.</summary>
    public bool DependsOnOthers => Subtree is not null || Filter == AgentFilter.Orphaned;

    public static AgentCriteria Read(Query query, string defaultFilter, ref Check check)
    {
        var word = (query["filter"] ?? defaultFilter).ToLowerInvariant();
        var errors = check.Count;
        check.OneOf("?filter", word, AliveFilter.Allowed);
        return new AgentCriteria
        {
            Filter = check.Count == errors ? AgentFilter.Of(word) : AgentFilter.All,
            Specializations = Names(query, "specialization", ref check),
            AnySpecialization = Names(query, "any_specialization", ref check),
            Labels = LabelTerms.Read(query["label"], ref check),
            Cluster = query["cluster"],
            User = query["user"],
            Parent = query["parent"],
            Subtree = query["subtree"],
            Prefix = query["prefix"] is { } prefix ? check.Id("?prefix", prefix) : null,
            Words = ReadWords(query["q"], ref check),
        };
    }

    /// <summary>Whether an agent matches what no index knows.</summary>
    public bool Matches(AgentSlot slot, MeshState state, Moment now)
    {
        var agent = slot.Agent;
        return (Prefix is null || agent.Id.StartsWith(Prefix, StringComparison.Ordinal))
            && (User is null || agent.User == User)
            && HasLabels(agent)
            && (Filter.Also is null || Filter.Also(slot, state, now))
            && HasWords(slot, agent);
    }

    private static List<string> Names(Query query, string parameter, ref Check check)
    {
        var names = query.All(parameter);
        if (names.Count > Limits.Specializations)
        {
            check.Fail("?" + parameter, $"is given at most {Limits.Specializations} times");
        }

        return names.Select(name => SpecializationName.Normalize(name)).ToList();
    }

    private static string[] ReadWords(string? text, ref Check check)
    {
        var words = text?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (text is not null && words.Length is 0 or > MostWords)
        {
            check.Fail("?q", $"takes 1 to {MostWords} words");
        }
        else if (text?.Length > Limits.LabelValueLength)
        {
            check.Fail("?q", $"has at most {Limits.LabelValueLength} characters");
        }

        return words;
    }

    private bool HasLabels(Agent agent)
    {
        foreach (var term in Labels)
        {
            if (!term.Holds(agent))
            {
                return false;
            }
        }

        return true;
    }

    private bool HasWords(AgentSlot slot, Agent agent)
    {
        if (Words.Count == 0)
        {
            return true;
        }

        var note = slot.ReadVitals().Note;
        foreach (var word in Words)
        {
            if (!IsIn(word, agent.Id) && !IsIn(word, agent.User) && !IsIn(word, agent.Cluster) && !IsIn(word, agent.Direction)
                && !IsIn(word, note) && !IsIn(word, agent.Specializations) && !IsIn(word, agent.Labels))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsIn(string word, string? text) => text?.Contains(word, StringComparison.OrdinalIgnoreCase) == true;

    private static bool IsIn(string word, NameSet names)
    {
        foreach (var name in names.Names)
        {
            if (IsIn(word, name))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsIn(string word, LabelSet labels)
    {
        foreach (var (name, value) in labels.Labels)
        {
            if (IsIn(word, name) || IsIn(word, value) || (word.Contains('=') && IsIn(word, $"{name}={value}")))
            {
                return true;
            }
        }

        return false;
    }
}
