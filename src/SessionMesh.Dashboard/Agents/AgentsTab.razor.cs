using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.QuickGrid;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;
using SessionMesh.Dashboard.Controls;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.SignIn;
using SessionMesh.Dashboard.Steering;

namespace SessionMesh.Dashboard.Agents;

/// <summary>
/// The table of agents. What narrows and orders it means what it means in the API, since the API is asked who matches; the rows are what
/// the page knows anyway. A filter that the API does not take is shown with its reason, above the rows of the last one that it took.
/// </summary>
public sealed partial class AgentsTab : ComponentBase, IDisposable
{
    /// <summary>Past so many the API has each part of a list in order by itself, unless it is by id.</summary>
    private const int MostInOrder = 10_000;

    private static readonly GridSort<LiveAgent> s_byId = GridSort<LiveAgent>.ByAscending(agent => agent.Id);
    private static readonly GridSort<LiveAgent> s_byMark = GridSort<LiveAgent>.ByAscending(agent => agent.Mark);
    private static readonly GridSort<LiveAgent> s_bySpecialization = GridSort<LiveAgent>.ByAscending(agent => agent.Specialization);
    private static readonly GridSort<LiveAgent> s_byCluster = GridSort<LiveAgent>.ByAscending(agent => agent.Cluster);
    private static readonly GridSort<LiveAgent> s_byParent = GridSort<LiveAgent>.ByAscending(agent => agent.Parent);
    private static readonly GridSort<LiveAgent> s_byHeard = GridSort<LiveAgent>.ByAscending(agent => agent.LastHeartbeatAt);

    private static readonly string s_most = Targets.Most.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Filters that have a field to show a fault below.</summary>
    private static readonly HashSet<string> s_fields =
        ["?q", "?specialization", "?cluster", "?label", "?user", "?parent", "?subtree", "?prefix", "?any_specialization"];

    private readonly CancellationTokenSource _closed = new();
    private readonly HashSet<string> _chosen = new(StringComparer.Ordinal);
    private readonly GridItemsProvider<LiveAgent> _draw;

    /// <summary>Whom the person selected by what the list is narrowed to, instead of row by row; null for nobody.</summary>
    private AgentSelector? _matching;

    /// <summary>Who matched when the mesh last said so, in order; null for everybody, by id. Nobody before.</summary>
    private List<string>? _ids = [];
    private IReadOnlyList<LiveAgent> _rows = [];

    /// <summary>The rows in the order that the person chose, and what they were put in order from.</summary>
    private (IReadOnlyList<LiveAgent> Of, ColumnBase<LiveAgent>? By, bool IsAscending, IReadOnlyList<LiveAgent> Rows)? _ordered;
    private QuickGrid<LiveAgent>? _grid;
    private RowWindow? _window;
    private string? _fault;
    private Dictionary<string, string> _faults = [];
    private Address? _asked, _listed;
    private LiveFleet? _shown;
    private long _askedAt;
    private bool _isAsking, _isDue, _isMoreOpen;

    public AgentsTab() => _draw = Draw;

    [Inject]
    private LiveMesh Live { get; set; } = null!;

    [Inject]
    private Viewer Viewer { get; set; } = null!;

    [Inject]
    private Viewers Viewers { get; set; } = null!;

    [Inject]
    private PageTime Time { get; set; } = null!;

    [CascadingParameter]
    private Address Address { get; set; } = null!;

    [CascadingParameter(Name = "Go")]
    private Action<Address> Go { get; set; } = null!;

    /// <summary>Who is listed, in the order of the API.</summary>
    internal IReadOnlyList<LiveAgent> Rows => _rows;

    private string Summary => Plural.Of(_rows.Count, "agent")
        + (HasFault && _rows.Count > 0 ? " from before" : "")
        + (_matching is not null ? ", all that match selected"
            : _chosen.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $", {_chosen.Count:N0} chosen") + Unlisted : "");

    /// <summary>Of the chosen ones those who are not in the list, since an act reaches them, too.</summary>
    private string Unlisted => _ids is null || _chosen.Count - _ids.Count(_chosen.Contains) is not (> 0 and var count) ? ""
        : string.Create(CultureInfo.InvariantCulture, $" ({count:N0} of them not in this list)");

    /// <summary>What the list, or an act on all of it, cannot be.</summary>
    private string? Limit => _rows.Count == 0 || HasFault ? null
        : Address.Unsayable() is [_, ..] unsayable
            ? $"All that match cannot be selected in one request: it cannot say {string.Join(", ", unsayable)}. "
                + $"Choose rows instead, {s_most} at most."
        : Address.ToSelector() is null && _rows.Count > Targets.Most
            ? $"{s_most} rows can be chosen. To act on more in one request, narrow by specialization, cluster, labels or subtree."
        : null;

    /// <summary>What the order is not.</summary>
    private string? OrderLimit => Address.Sort is not (null or AliveSort.Id or "-" + AliveSort.Id) && _rows.Count > MostInOrder
        ? string.Create(CultureInfo.InvariantCulture, $"Each {MostInOrder:N0} of these are in order by themselves, not all together.")
        : null;

    private bool HasFault => _fault is not null || _faults.Count > 0;

    /// <summary>Whether a filter is in use that is not always shown.</summary>
    private bool HasMore => Address is not
        { AnySpecialization: null, AllSpecializations: null, Label: null, User: null, Parent: null, Subtree: null, Prefix: null };

    private Targets Chosen => _matching is { } selector ? new Targets(selector) : new Targets([.. _chosen.Order(StringComparer.Ordinal)]);

    public void Dispose()
    {
        Live.Changed -= Show;
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override void OnInitialized() => Live.Changed += Show;

    protected override Task OnParametersSetAsync()
    {
        _isMoreOpen |= HasMore;
        if (_asked is { } asked && Address.Narrowing() == asked.Narrowing())
        {
            return Task.CompletedTask;
        }

        _matching = null; // it was of another list
        return AskAsync();
    }

    private static string NameOf(string sort) => sort switch
    {
        AliveSort.Id => "id, a to z",
        "-" + AliveSort.Id => "id, z to a",
        AliveSort.Load => "load, least first",
        "-" + AliveSort.Load => "load, most first",
        AliveSort.Age => "age, youngest first",
        "-" + AliveSort.Age => "age, oldest first",
        AliveSort.LastSeen => "heard, longest ago first",
        "-" + AliveSort.LastSeen => "heard, last first",
        AliveSort.Progress => "progress, least first",
        "-" + AliveSort.Progress => "progress, most first",
        _ => sort,
    };

    private void Narrow(string? text, Func<Address, string?, Address> how) =>
        Go(how(Address, text?.Trim() is { Length: > 0 } given ? given : null));

    private string? FaultOf(string name) => _faults.GetValueOrDefault("?" + name);

    private void Choose(string id)
    {
        if (!_chosen.Remove(id))
        {
            _chosen.Add(id);
        }
    }

    private void ChooseAll()
    {
        _matching = null;
        _chosen.UnionWith(_rows.Take(Targets.Most).Select(agent => agent.Id));
    }

    private void ChooseNone()
    {
        _matching = null;
        _chosen.Clear();
    }

    private void Show() => _ = InvokeAsync(async () =>
    {
        if (!ReferenceEquals(_shown, Live.Fleet))
        {
            await FillAsync();
            StateHasChanged();
            await AskAgainAsync();
        }
    });

    /// <summary>Asks who matches by now, if the pace allows; else as soon as it does.</summary>
    private async Task AskAgainAsync()
    {
        if (_isDue || !Address.IsNarrowed() || _faults.Count > 0)
        {
            return;
        }

        _isDue = true;
        try
        {
            var rest = Pace.AfterChange(_rows.Count, Viewers.Looking) - Time.Provider.GetElapsedTime(_askedAt);
            if (rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, Time.Provider, _closed.Token);
            }

            await AskAsync();
            StateHasChanged();
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // Closed.
        }
        finally
        {
            _isDue = false;
        }
    }

    /// <summary>Asks the mesh who matches, and shows what the page knows of those.</summary>
    private async Task AskAsync()
    {
        if (_isAsking)
        {
            return; // whoever asks looks at the newest address before it ends, and the next change asks again
        }

        _isAsking = true;
        try
        {
            do
            {
                _asked = Address;
                _askedAt = Time.Provider.GetTimestamp();
                await AskAsync(_asked);
            }
            while (IsOver(_asked));
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            // Closed, or signed out.
        }
        finally
        {
            _isAsking = false;
        }
    }

    private async Task AskAsync(Address asked)
    {
        try
        {
            var ids = asked.IsNarrowed() ? await MatchesAsync(asked) : null;
            if (IsOver(asked))
            {
                return;
            }

            (_ids, _fault, _faults) = (ids, null, []);
            await ToTopOfAsync(asked);
        }
        catch (MeshException e)
        {
            var errors = e.Problem?.Errors ?? [];
            _faults = errors.DistinctBy(error => error.Pointer).ToDictionary(error => error.Pointer, error => error.Message);
            _fault = errors.Count > 0 && errors.All(error => s_fields.Contains(error.Pointer)) ? null : e.Message;
            _matching = null;
        }

        await FillAsync();
    }

    /// <summary>Another list begins at its top; the same one stays where the person is.</summary>
    private async Task ToTopOfAsync(Address asked)
    {
        if (_listed?.Narrowing() != asked.Narrowing() && _listed is not null && _window is not null)
        {
            await _window.GoToTopAsync();
        }

        _listed = asked;
    }

    /// <summary>Shows how those are that matched when the mesh was last asked.</summary>
    private Task FillAsync()
    {
        _shown = Live.Fleet;
        _rows = _ids is null ? _shown.Agents : [.. _ids.Select(_shown.Find).OfType<LiveAgent>()];
        _chosen.RemoveWhere(id => _shown.Find(id) is null);
        return RedrawAsync();
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

        var rows = ordered.Rows.Skip(_window?.FirstOf(_rows.Count) ?? 0).Take(_window?.Held ?? 0).ToList();
        return ValueTask.FromResult(GridItemsProviderResult.From(rows, rows.Count));
    }

    /// <summary>Whether another list is wanted by now.</summary>
    private bool IsOver(Address asked) => asked.Narrowing() != Address.Narrowing();

    /// <summary>Who matches, as far as anybody still wants to know.</summary>
    private async Task<List<string>> MatchesAsync(Address asked)
    {
        var ids = new List<string>();
        var query = asked.ToQuery() with { Fields = ["agent_id"], Limit = 1000 };
        do
        {
            var page = await Viewer.Mesh.AgentsAsync(query, _closed.Token);
            ids.AddRange(page.Sessions.Select(row => row.AgentId).OfType<string>());
            query = query with { Cursor = page.NextCursor };
        }
        while (query.Cursor is not null && !IsOver(asked));
        return [.. ids.Distinct(StringComparer.Ordinal)]; // by what heartbeats report, one may be met twice
    }
}
