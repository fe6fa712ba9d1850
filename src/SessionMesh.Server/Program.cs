using SessionMesh.Server.Hosting;
using SessionMesh.Server.Store;

try
{
    await using var app = MeshServer.Build(args);
    await MeshServer.PrepareAsync(app);
    await app.StartAsync();
    Banner.Print(app, Console.Out);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception e) when (e is StartupException or IOException)
{
    await Console.Error.WriteLineAsync($"session-mesh server: {e.Message}");
    return 1;
}
