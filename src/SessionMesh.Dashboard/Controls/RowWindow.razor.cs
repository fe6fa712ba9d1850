using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace SessionMesh.Dashboard.Controls;

/// <summary>
/// Which rows of a long table a page holds. The table itself draws <see cref="Held"/> rows from <see cref="First"/> on, each
/// <see cref="RowHeight"/> high. Blazor's own Virtualize under a QuickGrid waits 100 ms before every picture, a filter's too.
/// </summary>
public sealed partial class RowWindow : ComponentBase
{
    /// <summary>Rows that are held above those that are seen, and as many below.</summary>
    private const int Around = 20;

    /// <summary>Rows that are seen at most, whatever a script says.</summary>
    private const int MostSeen = 160;

    /// <summary>The height of a row in rem, as page.css has it: it grows with the letters.</summary>
    private const double RowHeight = 2.125;

    private readonly DotNetObjectReference<RowWindow> _self;
    private ElementReference _box;
    private int _asked;
    private int _seen = 20;

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
    public int FirstOf(int count) => Math.Clamp(_asked, 0, Math.Max(0, count - Held));

    /// <summary>How many are held, where there are so many.</summary>
    public int Held => _seen + (2 * Around);

    /// <summary>Shows the first rows, as of another list.</summary>
    public ValueTask GoToTopAsync() => Script.CallAsync("scrollToTop", _box);

    /// <summary>The script says which row is the first that is seen, and how many are.</summary>
    [JSInvokable]
    public async Task MoveTo(int row, int seen)
    {
        var before = (First, Held);
        (_asked, _seen) = (Math.Max(0, row - Around), Math.Clamp(seen, 1, MostSeen));
        if ((First, Held) != before)
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
            await Script.CallAsync("beginRows", _box, _self, RowHeight, Around / 2);
        }
    }

    private static string Height(int rows) => string.Create(CultureInfo.InvariantCulture, $"height: {Math.Max(0, rows) * RowHeight}rem");
}
