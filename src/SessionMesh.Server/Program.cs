using System.Net.Sockets;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(OptionTable.Help);
    return 0;
}

try
{
    if (args is [NewRootVerb.Name, .. var rest])
    {
        await NewRootVerb.RunAsync(rest, Environment.GetEnvironmentVariable, Console.Out);
        return 0;
    }

    // A restored store is opened by a new server in the same process, on the addresses of the one before.
    for (IReadOnlyList<ListenAddress>? addresses = null; ;)
    {
        await using var app = MeshServer.Build(args, addresses: addresses);
        await app.StartAsync();
        Banner.Print(app, Console.Out);
        addresses = Listening.Chosen(app);
        await app.WaitForShutdownAsync();
        if (!app.Services.GetRequiredService<Restart>().IsAsked)
        {
            return 0;
        }
    }
}
catch (SocketException e)
{
    await Console.Error.WriteLineAsync($"session-mesh server: An address of --urls cannot be listened on: {e.Message}. Say another address, or a port above 1023.");
    return 1;
}
catch (Exception e) when (e is StartupException or IOException)
{
    await Console.Error.WriteLineAsync($"session-mesh server: {e.Message.ReplaceLineEndings(" ")}");
    return 1;
}
