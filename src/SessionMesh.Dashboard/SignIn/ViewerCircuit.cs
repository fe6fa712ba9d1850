using Microsoft.AspNetCore.Components.Server.Circuits;

namespace SessionMesh.Dashboard.SignIn;

/// <summary>Counts circuits, and refuses those past the bound.</summary>
internal sealed class ViewerCircuit(Viewers viewers) : CircuitHandler
{
    private bool _hasPlace;

    public override Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        _hasPlace = viewers.TryEnter();
        return _hasPlace
            ? Task.CompletedTask
            : throw new InvalidOperationException($"{Viewers.Most} tabs of the page are open, and there are no more places.");
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        if (_hasPlace)
        {
            viewers.Leave();
        }

        return Task.CompletedTask;
    }
}
