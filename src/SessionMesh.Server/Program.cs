using SessionMesh.Server.Admin;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Storage;

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

    if (args is [var move, .. var places] && move == OptionTable.Move.Name)
    {
        await MoveVerb.RunAsync(places, Environment.GetEnvironmentVariable, Console.Out, Console.Error);
        return 0;
    }

    // After a restore, or when PostgreSQL lost commits, a new server opens the store, in the same process and on the same addresses.
    for (ServerOptions? before = null; ;)
    {
        await using var app = await Listening.StartAgainAsync(args, before, Console.Error);
        Listening.Announce(app, Console.Error);
        Banner.Print(app, Console.Out);
        before = Listening.Chosen(app);
        await app.WaitForShutdownAsync();
        Listening.Withdraw(app, Console.Error);
        if (!app.Services.GetRequiredService<Restart>().IsAsked)
        {
            return 0;
        }
    }
}
catch (Exception e) when (e is StartupException or IOException)
{
    var why = e is IOException ? $"It cannot start: {FileWords.Of(e)}." : e.Message.ReplaceLineEndings(" ");
    await Console.Error.WriteLineAsync($"session-mesh server: {why}");
    return 1;
}
