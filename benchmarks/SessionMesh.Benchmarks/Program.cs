using System.Globalization;
using SessionMesh.Benchmarks;

// bench fsync DIR | seed URL FIRST COUNT | beat URL AGENTS RATE | streams URL COUNT | whole-way URL AGENTS SECONDS | sessions URL COUNT DIR     (the key comes from SESSION_API_KEY)
if (args is ["fsync", var directory])
{
    return Fsync.Run(directory);
}

if (args.Length < 2)
{
    return Usage();
}

using var mesh = new Mesh(args[1]);
return args switch
{
    ["seed", _, var first, var count] => await Seed.RunAsync(mesh, Number(first), Number(count)),
    ["beat", _, var agents, var rate] => await BackgroundBeat.RunAsync(mesh, Number(agents), Number(rate)),
    ["streams", _, var count] => await OpenStreams.RunAsync(mesh, Number(count)),
    ["sessions", _, var count, var into] => await SessionFiles.RunAsync(mesh, Number(count), into),
    ["whole-way", _, var agents, var seconds] => await WholeWay.RunAsync(mesh, Number(agents), Number(seconds)),
    _ => Usage(),
};

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static int Usage()
{
    Console.Error.WriteLine("fsync DIR | seed URL FIRST COUNT | beat URL AGENTS RATE | streams URL COUNT | whole-way URL AGENTS SECONDS | sessions URL COUNT DIR");
    return 2;
}
