using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.JSInterop;

namespace SessionMesh.Dashboard.Layout;

/// <summary>The page as a whole: who is signed in, which tab, which agent.</summary>
public sealed partial class Home : ComponentBase, IDisposable
{
    private const string KeyInTab = "key";

    /// <summary>Between two questions whether a kept key is good.</summary>
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _closed = new();
    private readonly DotNetObjectReference<Home> _self;
    private readonly List<Address> _sent = [];
    private Address _address = new();
    private bool _isReady;
    private bool _hasNodes;

    public Home() => _self = DotNetObjectReference.Create(this);

    /// <summary>A server that is alone has no list of nodes, but whoever looks at it keeps it when the others go.</summary>
    private IReadOnlyList<string> Tabs => _hasNodes || _address.Tab == Address.Nodes
        ? Address.Tabs
        : [.. Address.Tabs.Where(tab => tab != Address.Nodes)];

    private string Title => Viewer.IsSignedIn ? $"{NameOf(_address.Tab)} · Session Mesh" : "Session Mesh";

    /// <summary>The script says that the tab is seen, or is not.</summary>
    [JSInvokable]
    public void SetVisible(bool isVisible) => Live.IsVisible = isVisible;

    public void Dispose()
    {
        Viewer.Changed -= Show;
        Live.Changed -= Look;
        Navigation.LocationChanged -= Follow;
        _closed.Cancel();
        _closed.Dispose();
        _self.Dispose();
    }

    protected override void OnInitialized()
    {
        _address = Address.Of(Navigation.Uri);
        Viewer.Changed += Show;
        Live.Changed += Look;
        Navigation.LocationChanged += Follow;
    }

    /// <summary>A tab that was here before has its key: the server or the connection was away.</summary>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender)
        {
            return;
        }

        await Script.CallAsync("begin", _self);
        if (await Script.AskAsync<string?>("takeCode") is { } code)
        {
            if (await Viewer.TradeAsync(code) is { } traded)
            {
                await KeepKeyAsync(traded);
            }
        }
        else if (await Script.AskAsync<string?>("kept", KeyInTab) is { } key && !await ReturnAsync(key))
        {
            await Script.CallAsync("keep", KeyInTab, null);
        }

        _isReady = true;
        StateHasChanged();
    }

    private static string NameOf(string tab) => char.ToUpper(tab[0], CultureInfo.InvariantCulture) + tab[1..];

    /// <summary>Whether the key of this tab is still good; a mesh that cannot say, as a busy one, is asked until it does.</summary>
    private async Task<bool> ReturnAsync(string key)
    {
        while (true)
        {
            if (await Viewer.ReturnAsync(key) is { } isKnown)
            {
                return isKnown;
            }

            StateHasChanged();
            await Task.Delay(s_rest, Time.Provider, _closed.Token);
        }
    }

    private async Task KeepKeyAsync(string key) => await Script.CallAsync("keep", KeyInTab, key);

    private async Task SignOutAsync()
    {
        Viewer.SignOut(notice: null);
        await Script.CallAsync("forget");
    }

    /// <summary>Shows it at once: that the browser has taken the address comes back a round trip later, and is no news then.</summary>
    private void Go(Address address)
    {
        _address = address;
        StateHasChanged();
        _sent.Add(address);
        Navigation.NavigateTo(address.ToUri());
    }

    private async Task CloseDrawerAsync()
    {
        Go(_address with { Agent = null });
        await Script.CallAsync("leaveDrawer");
    }

    /// <summary>Arrow keys move between tabs, as in every list of tabs.</summary>
    private async Task MoveAsync(KeyboardEventArgs key)
    {
        var tabs = Tabs;
        var last = tabs.Count - 1;
        var at = tabs.Index().First(tab => tab.Item == _address.Tab).Index;
        var to = key.Key switch
        {
            "ArrowRight" => at == last ? 0 : at + 1,
            "ArrowLeft" => at == 0 ? last : at - 1,
            "Home" => 0,
            "End" => last,
            _ => at,
        };
        if (to != at)
        {
            Go(Address.To(tabs[to]));
            await Script.CallAsync("focus", "tab-" + tabs[to]);
        }
    }

    /// <summary>Back, forward, or what this page has sent itself: where it has sent more since then, the page is further.</summary>
    private void Follow(object? sender, LocationChangedEventArgs e)
    {
        var address = Address.Of(e.Location);
        _sent.RemoveRange(0, _sent.IndexOf(address) + 1);
        if (_sent.Count == 0 && address != _address)
        {
            _address = address;
            _ = InvokeAsync(StateHasChanged);
        }
    }

    /// <summary>Draws the page anew only where the tabs are others.</summary>
    private void Look()
    {
        var hasNodes = Live.Nodes.Count > 1;
        if (hasNodes != _hasNodes)
        {
            _ = InvokeAsync(() =>
            {
                _hasNodes = hasNodes;
                StateHasChanged();
            });
        }
    }

    private void Show() => _ = InvokeAsync(async () =>
    {
        StateHasChanged();
        if (!Viewer.IsSignedIn)
        {
            await Script.CallAsync("keep", KeyInTab, null);
        }
    });
}
