using System.Net.Sockets;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Hosting.Options;
using SessionMesh.Server.Store;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(OptionTable.Help);
    return 0;
}

try
{
    await using var app = MeshServer.Build(args);
    await MeshServer.PrepareAsync(app);
    await app.StartAsync();
    Banner.Print(app, Console.Out);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception e) when (e is StartupException or IOException or SocketException)
{
    await Console.Error.WriteLineAsync($"session-mesh server: {e.Message.ReplaceLineEndings(" ")}");
    return 1;
}
