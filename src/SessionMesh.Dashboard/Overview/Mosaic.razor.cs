using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using SessionMesh.Dashboard.Controls;
using SessionMesh.Dashboard.Live;

namespace SessionMesh.Dashboard.Overview;

/// <summary>All agents at once on a canvas. Where each is, is reckoned here; the script paints.</summary>
public sealed partial class Mosaic : ComponentBase, IAsyncDisposable
{
    private readonly DotNetObjectReference<Mosaic> _self;
    private readonly SemaphoreSlim _drawing = new(1, 1);
    private ElementReference _canvas;
    private MosaicModel? _drawn;
    private MosaicLayout? _layout;
    private string? _grouping;
    private (double Width, double Height) _size;
    private string? _hover;
    private bool _isGone;

    public Mosaic() => _self = DotNetObjectReference.Create(this);

    [Inject]
    private LiveMesh Live { get; set; } = null!;

    [Inject]
    private PageScript Script { get; set; } = null!;

    [CascadingParameter]
    private Address Address { get; set; } = null!;

    [CascadingParameter(Name = "Go")]
    private Action<Address> Go { get; set; } = null!;

    private string Summary
    {
        get
        {
            var counts = Live.Fleet.Counts().Where(count => count.Count > 0)
                .Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Count} {count.Mark}"));
            return $"{Live.Fleet.Agents.Count.ToString(CultureInfo.InvariantCulture)} agents: {string.Join(", ", counts)}";
        }
    }

    /// <summary>The script measured the canvas.</summary>
    [JSInvokable]
    public Task Resize(double width, double height)
    {
        _size = (width, height);
        _drawn = null;
        return DrawAsync();
    }

    /// <summary>The pointer rests on a cell, or on none.</summary>
    [JSInvokable]
    public void Hover(double x, double y)
    {
        var agent = At(x, y);
        var load = agent?.Load is { } reported ? string.Create(CultureInfo.InvariantCulture, $" · load {reported:0.##}") : "";
        _hover = agent is null ? null : $"{agent.Id} · {agent.Mark}{load}";
        StateHasChanged();
    }

    /// <summary>A cell was clicked.</summary>
    [JSInvokable]
    public void Open(double x, double y)
    {
        if (At(x, y) is { } agent)
        {
            Go(Address with { Agent = agent.Id });
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isGone = true;
        Live.Changed -= Show;
        await Script.CallAsync("endMosaic", _canvas);
        _self.Dispose();
    }

    protected override void OnInitialized() => Live.Changed += Show;

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            await Script.CallAsync("beginMosaic", _canvas, _self, Marks.All.Select(MarkShape.PathOf), Marks.All);
        }
        else if (_grouping != Address.Group)
        {
            await DrawAsync();
        }
    }

    private void Regroup(ChangeEventArgs e) => Go(Address with { Group = (string?)e.Value });

    private LiveAgent? At(double x, double y) =>
        _layout?.IndexAt(x, y) is { } at and >= 0 && at < _drawn?.Agents.Count ? _drawn.Agents[at] : null;

    private void Show() => _ = InvokeAsync(async () =>
    {
        if (!_isGone)
        {
            StateHasChanged();
            await DrawAsync();
        }
    });

    private async Task DrawAsync()
    {
        if (_size.Width <= 0)
        {
            return;
        }

        await _drawing.WaitAsync();
        try
        {
            var model = MosaicModel.Of(Live.Fleet, Address.Group);
            if (_drawn is { } drawn && _grouping == Address.Group && model.HasPlacesOf(drawn))
            {
                var changes = model.ChangesSince(drawn);
                if (changes.Length > 0)
                {
                    await Script.CallAsync("paintChanges", _canvas, changes);
                }
            }
            else
            {
                _layout = MosaicLayout.Of(model.Groups, _size.Width, _size.Height);
                var blocks = _layout.Blocks.Select(block => new
                {
                    name = InertText.Of(block.Name),
                    x = block.X,
                    y = block.Y,
                    columns = block.Columns,
                    count = block.Count,
                    first = block.First,
                });
                var names = _layout.HasNames ? model.Agents.Select(agent => agent.Id) : [];
                await Script.CallAsync("paint", _canvas, _layout.Cell, _layout.Height, blocks, model.Cells, names);
            }

            (_drawn, _grouping) = (model, Address.Group);
        }
        finally
        {
            _drawing.Release();
        }
    }
}
