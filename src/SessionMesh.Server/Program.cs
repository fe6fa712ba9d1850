using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Store;

try
{
    // A restored store is opened by a new server in the same process, on the addresses of the one before.
    for (var addresses = Array.Empty<string>(); ;)
    {
        await using var app = MeshServer.Build([.. args, .. addresses]);
        await MeshServer.PrepareAsync(app);
        await app.StartAsync();
        Banner.Print(app, Console.Out);
        addresses = ["--urls", string.Join(';', app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses)];
        await app.WaitForShutdownAsync();
        if (!app.Services.GetRequiredService<Restart>().IsAsked)
        {
            return 0;
        }
    }
}
catch (Exception e) when (e is StartupException or IOException)
{
    await Console.Error.WriteLineAsync($"session-mesh server: {e.Message}");
    return 1;
}
