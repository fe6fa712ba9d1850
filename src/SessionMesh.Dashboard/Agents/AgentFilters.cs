using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Dashboard.Agents;

/// <summary>What an address narrows the agents to: as a list of the API, and as a request by selector.</summary>
internal static class AgentFilters
{
    /// <summary>What of an address says who is listed, and in which order.</summary>
    public static Address Narrowing(this Address address) => address with { Tab = Address.Tabs[0], Agent = null, Group = null };

    /// <summary>Whether the mesh has to be asked who is listed: else it is every agent, by id.</summary>
    public static bool IsNarrowed(this Address address) =>
        (address with { Filter = address.Filter == AliveFilter.All ? null : address.Filter }).Narrowing() != new Address();

    /// <summary>
    /// The list of the API that an address asks for. Texts are as they were typed: whether they are valid is the API's to say.
    /// </summary>
    public static AgentQuery ToQuery(this Address address) => new()
    {
        Filter = address.Filter ?? AliveFilter.All,
        Search = address.Search,
        Specialization = address.Specialization,
        AnySpecialization = Names(address.AnySpecialization),
        Specializations = Names(address.AllSpecializations),
        Cluster = address.Cluster,
        LabelTerms = address.Label is { } label ? [label] : [],
        User = address.User,
        Parent = address.Parent,
        Subtree = address.Subtree,
        Prefix = address.Prefix,
        Sort = address.Sort ?? AliveSort.Id,
    };

    /// <summary>What of an address a selector cannot say, in words for a person; nothing where it says all.</summary>
    public static IReadOnlyList<string> Unsayable(this Address address) =>
    [
        .. new[]
        {
            address.Filter is { } filter && filter != AliveFilter.All ? $"the filter {filter}" : null,
            address.Search is null ? null : "the search",
            address.AnySpecialization is null ? null : "one of several specializations",
            address.AllSpecializations is null ? null : "all of several specializations",
            address.Label is { } text && LabelsOf(text) is null ? "labels with != or given twice" : null,
            address.User is null ? null : "the user",
            address.Parent is null ? null : "the parent",
            address.Prefix is null ? null : "how ids begin",
        }.OfType<string>(),
    ];

    /// <summary>The selector that means whom an address lists; null where it lists everybody, or says what no selector can.</summary>
    public static AgentSelector? ToSelector(this Address address)
    {
        var selector = new AgentSelector
        {
            Specialization = address.Specialization,
            Label = address.Label is { } text ? LabelsOf(text) : null,
            Cluster = address.Cluster,
            Subtree = address.Subtree,
        };
        return address.Unsayable().Count > 0 || selector is { Specialization: null, Label: null, Cluster: null, Subtree: null }
            ? null
            : selector;
    }

    /// <summary>Labels that an agent must have, each with one value; null where the text says more than that, or is not valid.</summary>
    private static Dictionary<string, string>? LabelsOf(string text)
    {
        var terms = LabelTerm.Read(text, out _);
        return terms.Count > 0 && !terms.Any(term => term.IsNot) && terms.DistinctBy(term => term.Name).Count() == terms.Count
            ? terms.ToDictionary(term => term.Name, term => term.Value, StringComparer.Ordinal)
            : null;
    }

    private static string[] Names(string? list) =>
        list?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
