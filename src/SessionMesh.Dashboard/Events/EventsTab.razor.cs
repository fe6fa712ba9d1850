using Microsoft.AspNetCore.Components;
using SessionMesh.Contracts.Events;
using SessionMesh.Dashboard.Live;

namespace SessionMesh.Dashboard.Events;

/// <summary>The newest entries of the log. It may be held, so that rows do not run away from whoever reads them.</summary>
public sealed partial class EventsTab : ComponentBase, IDisposable
{
    /// <summary>Rows shown at once.</summary>
    private const int Rows = 200;

    private IReadOnlyList<MeshEvent> _shown = [];
    private string _kind = "";
    private bool _isHeld;
    private int _missed;
    private int _isPlanned;

    [Inject]
    private LiveMesh Live { get; set; } = null!;

    [Inject]
    private PageTime Time { get; set; } = null!;

    [CascadingParameter]
    private Address Address { get; set; } = null!;

    [CascadingParameter(Name = "Go")]
    private Action<Address> Go { get; set; } = null!;

    private IEnumerable<MeshEvent> Listed => _shown.Where(entry => entry.Kind.StartsWith(_kind.Trim(), StringComparison.Ordinal));

    public void Dispose() => Live.Heard -= Hear;

    protected override void OnInitialized()
    {
        Live.Heard += Hear;
        _shown = Live.Events;
    }

    private void Hold()
    {
        (_isHeld, _missed) = (!_isHeld, 0);
        _shown = Live.Events;
    }

    /// <summary>One picture for all that comes within a frame.</summary>
    private void Hear(MeshEvent entry)
    {
        if (_isHeld)
        {
            _missed++;
        }

        if (Interlocked.Exchange(ref _isPlanned, 1) == 0)
        {
            _ = InvokeAsync(async () =>
            {
                await Task.Delay(Pace.Frame, Time.Provider);
                Interlocked.Exchange(ref _isPlanned, 0);
                if (!_isHeld)
                {
                    _shown = Live.Events;
                }

                StateHasChanged();
            });
        }
    }
}
