using System.Globalization;
using SessionMesh.Benchmarks;

// See Usage. The key comes from SESSION_API_KEY.
if (args is ["fsync", var directory])
{
    return Fsync.Run(directory);
}

if (args is ["make-store", var store, var storedAgents, var storedDirectives])
{
    return StoreFiller.Run(store, Number(storedAgents), Number(storedDirectives));
}

if (args.Length < 2)
{
    return Usage();
}

if (args is ["page", var page, var pageAgents, var pageSeconds, var pageServer])
{
    return await Viewers.RunAsync(page, Number(pageAgents), Number(pageSeconds), Number(pageServer));
}

if (args is ["watch-page", var watched, var tabs])
{
    return await Viewers.WatchAsync(watched, Number(tabs));
}

using var mesh = new Mesh(args[1]);
return args switch
{
    ["seed", _, var first, var count] => await Seed.RunAsync(mesh, Number(first), Number(count)),
    ["seed-skills", _, var first, var count] => await Discovery.SeedAsync(mesh, Number(first), Number(count)),
    ["discovery", _, var agents, var seconds] => await Discovery.RunAsync(mesh, Number(agents), Number(seconds)),
    ["beat", _, var agents, var rate] => await BackgroundBeat.RunAsync(mesh, Number(agents), Number(rate)),
    ["streams", _, var count] => await OpenStreams.RunAsync(mesh, Number(count)),
    ["sessions", _, var count, var into] => await SessionFiles.RunAsync(mesh, Number(count), into),
    ["chain", _, var length] => await Crowd.KillChainAsync(mesh, Number(length)),
    ["crowd", _, var agents, var rounds] => await Crowd.SteerManyAsync(mesh, Number(agents), Number(rounds)),
    ["expiry", _, var count, var agents] => await Expiry.RunAsync(mesh, Number(count), Number(agents)),
    ["across", _, var other, var agents, var rate, var seconds] =>
        await AcrossNodes.SteerAsync(mesh, new Mesh(other), Number(agents), Number(rate), Number(seconds)),
    ["whole-way", _, var agents, var seconds] => await WholeWay.RunAsync(mesh, Number(agents), Number(seconds)),
    _ => Usage(),
};

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static int Usage()
{
    Console.Error.WriteLine(
        "fsync DIR | seed URL FIRST COUNT | seed-skills URL FIRST COUNT | discovery URL AGENTS SECONDS | beat URL AGENTS RATE"
        + " | streams URL COUNT | whole-way URL AGENTS SECONDS | sessions URL COUNT DIR"
        + " | across URL URL AGENTS RATE SECONDS"
        + " | chain URL LENGTH | crowd URL AGENTS ROUNDS | expiry URL COUNT AGENTS"
        + " | make-store FILE AGENTS DIRECTIVES | page URL AGENTS SECONDS PID | watch-page URL TABS");
    return 2;
}
