using Microsoft.AspNetCore.WebUtilities;

namespace SessionMesh.Dashboard;

/// <summary>
/// What the address of the page holds: the tab, what it is narrowed to, and the agent in the drawer. So back and forward work, and an
/// address can be sent to somebody. Never a key. Immutable.
/// </summary>
public sealed record Address
{
    /// <summary>Characters of a part: what is longer is not taken.</summary>
    public const int Longest = 256;

    /// <summary>Characters of a part that is a list.</summary>
    public const int LongestList = 2048;

    /// <summary>The tab that is of use only where several servers run on the mesh.</summary>
    public const string Nodes = "nodes";

    public static readonly IReadOnlyList<string> Tabs =
        ["overview", "agents", "lineage", "registry", "sessions", "keys", "audit", "events", Nodes];

    /// <summary>One of <see cref="Tabs"/>.</summary>
    public string Tab { get; init; } = Tabs[0];

    /// <summary>The agent whose drawer is open.</summary>
    public string? Agent { get; init; }

    /// <summary>A mark of <see cref="Live.Marks"/>, or another filter of the lists of agents.</summary>
    public string? Filter { get; init; }

    /// <summary>Words to look for.</summary>
    public string? Search { get; init; }

    /// <summary>What the mosaic is grouped by.</summary>
    public string? Group { get; init; }

    /// <summary>The order of a table, as the API writes it.</summary>
    public string? Sort { get; init; }

    public string? Cluster { get; init; }
    public string? Specialization { get; init; }

    /// <summary>Names with commas between them, of which an agent has one.</summary>
    public string? AnySpecialization { get; init; }

    /// <summary>Names with commas between them, all of which an agent has.</summary>
    public string? AllSpecializations { get; init; }

    /// <summary>A label selector, as the API writes it.</summary>
    public string? Label { get; init; }
    public string? User { get; init; }
    public string? Parent { get; init; }
    public string? Subtree { get; init; }

    /// <summary>What an agent's id begins with.</summary>
    public string? Prefix { get; init; }

    public static Address Of(string uri)
    {
        var query = QueryHelpers.ParseQuery(new Uri(uri).Query);
        var tab = Text("tab");
        return new Address
        {
            Tab = tab is not null && Tabs.Contains(tab) ? tab : Tabs[0],
            Agent = Text("agent"),
            Filter = Text("filter"),
            Search = Text("q"),
            Group = Text("group"),
            Sort = Text("sort"),
            Cluster = Text("cluster"),
            Specialization = Text("specialization"),
            AnySpecialization = Text("any_specialization", LongestList),
            AllSpecializations = Text("all_specializations", LongestList),
            Label = Text("label", LongestList),
            User = Text("user"),
            Parent = Text("parent"),
            Subtree = Text("subtree"),
            Prefix = Text("prefix"),
        };

        string? Text(string name, int most = Longest) =>
            query.TryGetValue(name, out var value) && value is [{ Length: > 0 } text] && text.Length <= most ? text : null;
    }

    /// <summary>The address, relative to the server.</summary>
    public string ToUri() => QueryHelpers.AddQueryString("/", new Dictionary<string, string?>
    {
        ["tab"] = Tab == Tabs[0] ? null : Tab,
        ["agent"] = Agent,
        ["filter"] = Filter,
        ["q"] = Search,
        ["group"] = Group,
        ["sort"] = Sort,
        ["cluster"] = Cluster,
        ["specialization"] = Specialization,
        ["any_specialization"] = AnySpecialization,
        ["all_specializations"] = AllSpecializations,
        ["label"] = Label,
        ["user"] = User,
        ["parent"] = Parent,
        ["subtree"] = Subtree,
        ["prefix"] = Prefix,
    }.Where(part => part.Value is not null));

    /// <summary>A tab with nothing that narrows it.</summary>
    public static Address To(string tab) => new() { Tab = tab };
}
