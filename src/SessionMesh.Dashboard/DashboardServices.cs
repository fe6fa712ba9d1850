using System.Net;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.SignIn;

namespace SessionMesh.Dashboard;

/// <summary>Registers the page. Whoever hosts it also registers an <see cref="IMeshDoor"/>.</summary>
public static class DashboardServices
{
    /// <summary>Bytes that a browser may send at once: a message of a steer has 16 KiB, and each may become six in JSON.</summary>
    private const int LongestMessage = 128 * 1024;

    /// <param name="networkOf">What counts as one address where tabs are counted.</param>
    /// <param name="nodes">Whether this server is one of several.</param>
    public static IServiceCollection AddMeshDashboard(
        this IServiceCollection services, Func<IPAddress, UInt128> networkOf, PageNodes nodes)
    {
        services.AddSingleton(nodes);
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            // What a circuit holds is made again from the mesh and the tab, so that few are kept, and not for long.
            circuits.DisconnectedCircuitMaxRetained = 20;
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(1);
            circuits.JSInteropDefaultCallTimeout = TimeSpan.FromSeconds(10);
        }).AddHubOptions(hub =>
        {
            hub.MaximumReceiveMessageSize = LongestMessage;
            hub.AddFilter<ViewerPlaces>();
        });

        // Blazor signs what it puts into a page. The keys for that live as long as the process, and never touch the disk.
        // The name is instead of the directory that a server runs in, which differs between nodes. These options are read before the
        // secret is there: what depends on it waits until the keys are asked for.
        services.AddDataProtection().SetApplicationName("session-mesh");
        services.Configure<KeyManagementOptions>(keys =>
        {
            keys.XmlRepository = nodes.AreMany ? new KeysOfAllNodes(nodes) : new KeysInMemory();
            keys.AutoGenerateKeys = !nodes.AreMany;
        });
        services.AddSingleton(new Viewers(networkOf));
        services.AddSingleton<ViewerPlaces>();
        services.AddScoped<Viewer>();
        services.AddScoped<LiveMesh>();
        services.AddScoped<PageScript>();
        return services;
    }
}

/// <summary>The way to the mesh: how the page, which has no rights of its own, reaches the API.</summary>
public interface IMeshDoor
{
    /// <summary>A handler for a client whose calls come from that address. Disposed of with the circuit.</summary>
    HttpMessageHandler Open(IPAddress? remote);
}
