using System.Globalization;
using Microsoft.AspNetCore.Components;
using SessionMesh.Dashboard.Live;

namespace SessionMesh.Dashboard.Nodes;

/// <summary>The servers that run on the mesh, as they were at the last look at the whole.</summary>
public sealed partial class NodesTab : ComponentBase, IDisposable
{
    [Inject]
    private LiveMesh Live { get; set; } = null!;

    public void Dispose() => Live.Changed -= Show;

    protected override void OnInitialized() => Live.Changed += Show;

    /// <summary>A key that is limited to some agents hears no counts.</summary>
    private static string Number(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "–";

    private void Show() => _ = InvokeAsync(StateHasChanged);
}
