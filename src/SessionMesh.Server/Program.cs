using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;

if (OptionTable.TryWriteHelp(args, Console.Out))
{
    return 0;
}

try
{
    if (args is [var verb, .. var rest] && verb == OptionTable.NewRoot.Name)
    {
        await NewRootVerb.RunAsync(rest, Environment.GetEnvironmentVariable, Console.Out);
        return 0;
    }

    // After a restore a new server opens the store, in the same process and on the same addresses.
    for (IReadOnlyList<ListenAddress>? addresses = null; ;)
    {
        await using var app = MeshServer.Build(args, addresses: addresses);
        await app.StartAsync();
        Listening.Announce(app, Console.Error);
        Banner.Print(app, Console.Out);
        addresses = Listening.Chosen(app);
        await app.WaitForShutdownAsync();
        Listening.Withdraw(app, Console.Error);
        if (!app.Services.GetRequiredService<Restart>().IsAsked)
        {
            return 0;
        }
    }
}
catch (SocketException e)
{
    await Console.Error.WriteLineAsync($"session-mesh server: An address of --urls cannot be listened on: {e.Message}. "
        + "Say another address, or a port above 1023.");
    return 1;
}
catch (IOException e) when (e.InnerException is AddressInUseException)
{
    await Console.Error.WriteLineAsync($"session-mesh server: {e.Message.ReplaceLineEndings(" ")} "
        + "Stop what listens there, or choose another port: --urls http://127.0.0.1:7421");
    return 1;
}
catch (Exception e) when (e is StartupException or IOException)
{
    await Console.Error.WriteLineAsync($"session-mesh server: {e.Message.ReplaceLineEndings(" ")}");
    return 1;
}
