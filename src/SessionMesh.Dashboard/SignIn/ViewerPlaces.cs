using System.Net;
using Microsoft.AspNetCore.SignalR;

namespace SessionMesh.Dashboard.SignIn;

/// <summary>
/// Gives each connection of a tab a place, and ends those past the bounds before they can begin anything. A connection has one tab.
/// </summary>
internal sealed class ViewerPlaces(Viewers viewers) : IHubFilter
{
    private static readonly object s_place = new();

    public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        var address = context.Context.GetHttpContext()?.Connection.RemoteIpAddress;
        if (!viewers.TryEnter(address))
        {
            context.Context.Abort();
            return;
        }

        context.Context.Items[s_place] = address;
        await next(context);
    }

    public async Task OnDisconnectedAsync(HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
    {
        if (context.Context.Items.Remove(s_place, out var address))
        {
            viewers.Leave((IPAddress?)address);
        }

        await next(context, exception);
    }

    /// <summary>What a connection without a place has sent before its end.</summary>
    public ValueTask<object?> InvokeMethodAsync(
        HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next) =>
        invocationContext.Context.Items.ContainsKey(s_place) ? next(invocationContext) : throw new HubException("There is no place.");
}
