using Microsoft.JSInterop;

namespace SessionMesh.Dashboard;

/// <summary>
/// The page's one script: what the tab keeps, whether it is seen, and the canvas. A call to a tab that has gone does nothing.
/// </summary>
public sealed class PageScript(IJSRuntime js) : IAsyncDisposable
{
    private Task<IJSObjectReference>? _module;

    /// <summary>A function of the script, without an answer.</summary>
    public async ValueTask CallAsync(string function, params object?[] arguments)
    {
        try
        {
            await (await ModuleAsync()).InvokeVoidAsync(function, arguments);
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            // The tab has gone.
        }
    }

    /// <summary>A function of the script, with an answer; the default where the tab has gone.</summary>
    public async ValueTask<T?> AskAsync<T>(string function, params object?[] arguments)
    {
        try
        {
            return await (await ModuleAsync()).InvokeAsync<T>(function, arguments);
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
        {
            return default;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_module is { IsCompletedSuccessfully: true } module)
        {
            try
            {
                await (await module).DisposeAsync();
            }
            catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException)
            {
                // The tab has gone.
            }
        }
    }

    private Task<IJSObjectReference> ModuleAsync() =>
        _module ??= js.InvokeAsync<IJSObjectReference>("import", PageAssets.Url("page.js")).AsTask();
}
