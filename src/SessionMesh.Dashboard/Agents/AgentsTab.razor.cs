using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.QuickGrid;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Dashboard.Controls;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.SignIn;

namespace SessionMesh.Dashboard.Agents;

/// <summary>
/// The table of agents. What narrows it means what it means in the API, since the API is asked who matches; the rows are what the page
/// knows anyway.
/// </summary>
public sealed partial class AgentsTab : ComponentBase, IDisposable
{
    private static readonly GridSort<LiveAgent> s_byId = GridSort<LiveAgent>.ByAscending(agent => agent.Id);
    private static readonly GridSort<LiveAgent> s_byMark = GridSort<LiveAgent>.ByAscending(agent => agent.Mark);
    private static readonly GridSort<LiveAgent> s_bySpecialization = GridSort<LiveAgent>.ByAscending(agent => agent.Specialization);
    private static readonly GridSort<LiveAgent> s_byCluster = GridSort<LiveAgent>.ByAscending(agent => agent.Cluster);
    private static readonly GridSort<LiveAgent> s_byParent = GridSort<LiveAgent>.ByAscending(agent => agent.Parent);
    private static readonly GridSort<LiveAgent> s_byHeard = GridSort<LiveAgent>.ByAscending(agent => agent.LastHeartbeatAt);

    private readonly HashSet<string> _chosen = new(StringComparer.Ordinal);
    private readonly GridItemsProvider<LiveAgent> _draw;
    private List<LiveAgent> _rows = [];

    /// <summary>The rows in the order that the person chose, and what they were put in order from.</summary>
    private (List<LiveAgent> Of, ColumnBase<LiveAgent>? By, bool IsAscending, List<LiveAgent> Rows)? _ordered;
    private QuickGrid<LiveAgent>? _grid;
    private RowWindow? _window;
    private string? _fault;
    private Address? _asked;
    private LiveFleet? _shown;
    private bool _isAsking;

    public AgentsTab() => _draw = Draw;

    [Inject]
    private LiveMesh Live { get; set; } = null!;

    [Inject]
    private Viewer Viewer { get; set; } = null!;

    [CascadingParameter]
    private Address Address { get; set; } = null!;

    [CascadingParameter(Name = "Go")]
    private Action<Address> Go { get; set; } = null!;

    private string Summary => Plural.Of(_rows.Count, "agent")
        + (_chosen.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $", {_chosen.Count:N0} chosen") : "");

    private bool IsNarrowed => Address is not { Filter: null or AliveFilter.All, Search: null, Specialization: null, Cluster: null };

    public void Dispose() => Live.Changed -= Show;

    protected override void OnInitialized() => Live.Changed += Show;

    protected override Task OnParametersSetAsync() =>
        _asked is { } asked && Address with { Agent = null } == asked with { Agent = null } ? Task.CompletedTask : AskAsync();

    private static string? Text(ChangeEventArgs e, string? nothing = null) =>
        (string?)e.Value is { } text && text.Trim() is { Length: > 0 } given && given != nothing ? given : null;

    private void Narrow(Func<Address, Address> how) => Go(how(Address));

    private void Choose(string id)
    {
        if (!_chosen.Remove(id))
        {
            _chosen.Add(id);
        }
    }

    private void ChooseAll() => _chosen.UnionWith(_rows.Take(Steering.Targets.Most).Select(agent => agent.Id));

    private void Show() => _ = InvokeAsync(async () =>
    {
        if (!ReferenceEquals(_shown, Live.Fleet))
        {
            await AskAsync();
            StateHasChanged();
        }
    });

    /// <summary>Asks the mesh who matches, and shows what the page knows of those.</summary>
    private async Task AskAsync()
    {
        if (_isAsking)
        {
            return; // the answer that is under way is for the newest fleet anyway, or the next change asks again
        }

        _isAsking = true;
        try
        {
            Address asked;
            do
            {
                asked = Address;
                var fleet = Live.Fleet;
                _rows = IsNarrowed ? await MatchesAsync(asked, fleet) : [.. fleet.Agents];
                (_asked, _shown, _fault) = (asked, fleet, null);
                await RedrawAsync();
            }
            while (asked != Address);
            _chosen.RemoveWhere(id => Live.Fleet.Find(id) is null);
        }
        catch (MeshException e)
        {
            (_asked, _fault, _rows) = (Address, e.Message, []);
            await RedrawAsync();
        }
        finally
        {
            _isAsking = false;
        }
    }

    private Task RedrawAsync() => _grid?.RefreshDataAsync() ?? Task.CompletedTask;

    /// <summary>The rows of the window, in the order of the column that the person chose.</summary>
    private ValueTask<GridItemsProviderResult<LiveAgent>> Draw(GridItemsProviderRequest<LiveAgent> request)
    {
        if (_ordered is not { } ordered || !ReferenceEquals(ordered.Of, _rows) || ordered.By != request.SortByColumn
            || ordered.IsAscending != request.SortByAscending)
        {
            ordered = (_rows, request.SortByColumn, request.SortByAscending,
                request.SortByColumn is null ? _rows : [.. request.ApplySorting(_rows.AsQueryable())]);
            _ordered = ordered;
        }

        var rows = ordered.Rows.Skip(_window?.FirstOf(_rows.Count) ?? 0).Take(RowWindow.Most).ToList();
        return ValueTask.FromResult(GridItemsProviderResult.From(rows, rows.Count));
    }

    private async Task<List<LiveAgent>> MatchesAsync(Address narrowed, LiveFleet fleet)
    {
        var rows = new List<LiveAgent>();
        string? cursor = null;
        do
        {
            var page = await Viewer.Mesh.AgentsAsync(new AgentQuery
            {
                Filter = narrowed.Filter ?? AliveFilter.All,
                Search = narrowed.Search,
                Specialization = narrowed.Specialization,
                Cluster = narrowed.Cluster,
                Sort = AliveSort.Id,
                Fields = ["agent_id"],
                Limit = 1000,
                Cursor = cursor,
            });
            rows.AddRange(page.Sessions.Select(row => fleet.Find(row.AgentId!)).OfType<LiveAgent>());
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return rows;
    }
}
