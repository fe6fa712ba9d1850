using Microsoft.AspNetCore.Components;
using SessionMesh.Client;
using SessionMesh.Dashboard.SignIn;

namespace SessionMesh.Dashboard.Controls;

/// <summary>
/// A tab that shows what one call of the API answers. It reads at first, when it is asked to, and when what it follows changed, one read
/// at a time; a refusal is shown and the rest stays.
/// </summary>
public abstract class MeshView : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private bool _isReading, _isAgain;

    /// <summary>What went wrong with the last read or act, for the person.</summary>
    protected string? Fault { get; private set; }

    /// <summary>What came of the last act, for the person.</summary>
    protected string? Said { get; set; }

    /// <summary>Whether something was read.</summary>
    protected bool IsRead { get; private set; }

    [Inject]
    protected Viewer Viewer { get; set; } = null!;

    [CascadingParameter]
    protected Address Address { get; set; } = null!;

    [CascadingParameter(Name = "Go")]
    protected Action<Address> Go { get; set; } = null!;

    public void Dispose()
    {
        Dispose(isDisposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool isDisposing)
    {
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override Task OnInitializedAsync() => ReadAgainAsync();

    /// <summary>Asks the mesh.</summary>
    protected abstract Task ReadAsync(MeshClient mesh, CancellationToken cancellation);

    /// <summary>Reads anew, from any thread.</summary>
    protected void Reread() => _ = InvokeAsync(ReadAgainAsync);

    protected async Task ReadAgainAsync()
    {
        if (_isReading)
        {
            _isAgain = true;
            return;
        }

        _isReading = true;
        do
        {
            _isAgain = false;
            await TryAsync(mesh => ReadAsync(mesh, _closed.Token));
            IsRead = true;
            if (_closed.IsCancellationRequested)
            {
                return;
            }

            StateHasChanged();
        }
        while (_isAgain);
        _isReading = false;
    }

    /// <summary>Does something with the key of whoever looks, and shows why if it is refused.</summary>
    /// <returns>Whether it was done.</returns>
    protected async Task<bool> TryAsync(Func<MeshClient, Task> act)
    {
        try
        {
            await act(Viewer.Mesh);
            Fault = null;
            return true;
        }
        catch (MeshException e)
        {
            Fault = e.Message;
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or ObjectDisposedException)
        {
            // Closed, or signed out.
        }

        return false;
    }
}
