using System.Globalization;
using Microsoft.AspNetCore.Components;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Dashboard.Controls;
using SessionMesh.Dashboard.Live;

namespace SessionMesh.Dashboard.Lineage;

/// <summary>The forest of who started whom. What is large folds by itself, and says what is in it.</summary>
public sealed partial class LineageTab : MeshView
{
    private static readonly string[] s_fields = ["agent_id", "parent_id", "status"];
    private readonly Dictionary<string, bool> _isOpen = new(StringComparer.Ordinal);
    private LineageForest _forest = new([]);
    private (IReadOnlyList<LineageLine> Lines, bool HasMore) _lines = ([], false);
    private bool _isWhole = true;
    private long _readAt;
    private bool _isFollowing, _isBehind;

    [Inject]
    private LiveMesh Live { get; set; } = null!;

    [Inject]
    private PageTime Time { get; set; } = null!;

    protected override void OnInitialized() => Live.Changed += Follow;

    protected override void Dispose(bool isDisposing)
    {
        Live.Changed -= Follow;
        base.Dispose(isDisposing);
    }

    protected override async Task ReadAsync(MeshClient mesh, CancellationToken cancellation)
    {
        var rows = new List<TopologyRow>();
        string? cursor = null;
        do
        {
            var page = await mesh.TopologyAsync(new TopologyQuery { Limit = 1000, Cursor = cursor, Fields = s_fields }, cancellation);
            rows.AddRange(page.Agents);
            cursor = page.NextCursor;
        }
        while (cursor is not null && rows.Count < LiveFleet.Most);
        _readAt = Time.Provider.GetTimestamp();
        (_forest, _isWhole) = (new LineageForest(rows), cursor is null);
        _lines = _forest.Lines(_isOpen);
    }

    /// <summary>Shows how the agents are by now; the forest is as dear to read as the fleet, and is read at its pace.</summary>
    private void Follow() => _ = InvokeAsync(async () =>
    {
        StateHasChanged();
        _isBehind = true;
        if (_isFollowing)
        {
            return;
        }

        _isFollowing = true;
        while (_isBehind)
        {
            var rest = Live.ReadPace - Time.Provider.GetElapsedTime(_readAt);
            if (rest > TimeSpan.Zero)
            {
                await Task.Delay(rest, Time.Provider);
            }

            _isBehind = false;
            await ReadAgainAsync();
        }

        _isFollowing = false;
    });

    private static string Below(SubtreeSummary sum)
    {
        var words = new List<string> { Plural.Of(sum.Agents, "agent"), $"{sum.Alive} alive" };
        if (sum.Stalled > 0)
        {
            words.Add($"{sum.Stalled} stalled");
        }

        if (sum.Lost > 0)
        {
            words.Add($"{sum.Lost} lost");
        }

        if (sum.Load is { } load)
        {
            words.Add(string.Create(CultureInfo.InvariantCulture, $"load {load:0.00}"));
        }

        if (sum.Pending > 0)
        {
            words.Add($"{sum.Pending} waiting");
        }

        return string.Join(" · ", words);
    }

    private void Turn(string id, bool isOpen)
    {
        _isOpen[id] = isOpen;
        _lines = _forest.Lines(_isOpen);
    }
}
