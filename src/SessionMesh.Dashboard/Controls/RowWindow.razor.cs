using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace SessionMesh.Dashboard.Controls;

/// <summary>
/// Which rows of a long table a page holds. The table itself draws <see cref="Most"/> rows from <see cref="First"/> on, each
/// <see cref="RowHeight"/> high. Blazor's own Virtualize under a QuickGrid waits 100 ms before every picture, a filter's too.
/// </summary>
public sealed partial class RowWindow : ComponentBase
{
    /// <summary>Rows that are held: what a high screen shows, and as many again above and below.</summary>
    public const int Most = 60;

    /// <summary>The height of a row in pixels, as page.css has it.</summary>
    public const int RowHeight = 34;

    private readonly DotNetObjectReference<RowWindow> _self;
    private ElementReference _box;
    private int _asked;

    public RowWindow() => _self = DotNetObjectReference.Create(this);

    /// <summary>What the table is, for those who hear the page.</summary>
    [Parameter, EditorRequired]
    public string Label { get; set; } = "";

    /// <summary>Rows of the whole table.</summary>
    [Parameter, EditorRequired]
    public int Count { get; set; }

    [Parameter, EditorRequired]
    public RenderFragment? ChildContent { get; set; }

    /// <summary>Other rows are seen: the table is to draw those from <see cref="First"/> on.</summary>
    [Parameter]
    public EventCallback OnMoved { get; set; }

    /// <summary>The place of the first row that is held.</summary>
    public int First => FirstOf(Count);

    /// <summary>The same, of a table that has that many rows by now.</summary>
    public int FirstOf(int count) => Math.Clamp(_asked, 0, Math.Max(0, count - Most));

    /// <summary>The script says which row is the first that is seen.</summary>
    [JSInvokable]
    public async Task MoveTo(int row)
    {
        var before = First;
        _asked = Math.Max(0, row - (Most / 3));
        if (First != before)
        {
            await OnMoved.InvokeAsync();
            StateHasChanged();
        }
    }

    public void Dispose() => _self.Dispose();

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            await Script.CallAsync("beginRows", _box, _self, RowHeight, Most / 6);
        }
    }

    private static string Height(int rows) => string.Create(CultureInfo.InvariantCulture, $"height: {Math.Max(0, rows) * RowHeight}px");
}
