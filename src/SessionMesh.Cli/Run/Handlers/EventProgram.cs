using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Run.Handlers;

/// <summary>
/// <c>events --exec PROGRAM</c>: runs it once an event, without a shell and without arguments. What the event says reaches it in the
/// environment and as JSON on its stdin, so nothing in it is ever run. Its stdout goes to our stderr: our stdout has the events.
/// </summary>
internal sealed class EventProgram : IEventProgram
{
    private const int Stderr = 2;

    private readonly string _file;
    private readonly TimeSpan _atMost;
    private readonly TimeProvider _time;

    /// <param name="file">Looked up on PATH unless it contains a slash.</param>
    /// <exception cref="CommandException">There is no such file.</exception>
    public EventProgram(string file, TimeSpan atMost, TimeProvider time)
    {
        if (!IsThere(file))
        {
            throw CommandException.Usage(
                $"--exec: there is no program '{file}'",
                "it is the name or path of one program, not a shell line: put arguments into a script");
        }

        (_file, _atMost, _time) = (file, atMost, time);
    }

    public async Task<string?> RunAsync(JsonElement entry, CancellationToken cancellation)
    {
        // What it starts comes back to us, wherever it hides, so that it can be killed with it.
        using var adoption = ChildReaper.Shared.AdoptOrphans();
        using var pipe = new ChildPipe(_time);
        ChildProcess child;
        try
        {
            child = ChildReaper.Shared.Start(new SpawnRequest
            {
                File = _file,
                Environment = EnvironmentFor(entry),
                Stdin = pipe.ReadEnd,
                Stdout = Stderr,
            });
        }
        catch (SpawnException e)
        {
            return $"it could not be started: {e.Message}";
        }

        using var bound = new CancellationTokenSource(_atMost, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, bound.Token);
        try
        {
            pipe.CloseReadEnd();
            await pipe.WriteAsync(Encoding.UTF8.GetBytes(entry.GetRawText() + "\n"), _atMost, either.Token);
            pipe.CloseWriteEnd();
            var exit = await child.Exited.WaitAsync(either.Token);
            return exit.Code == 0 ? null : $"it ended with {exit}";
        }
        catch (OperationCanceledException)
        {
            await new ProcessTree(ChildReaper.Shared, child, _time).KillAsync();
            cancellation.ThrowIfCancellationRequested();
            return $"it did not end within {_atMost.TotalSeconds:0} s and was killed";
        }
    }

    private static Dictionary<string, string?> EnvironmentFor(JsonElement entry) => new()
    {
        ["SESSION_MESH_EVENT_KIND"] = Json.Text(entry, "kind"),
        ["SESSION_MESH_EVENT_SUBJECT"] = Json.Text(entry, "subject"),
        ["SESSION_MESH_EVENT_REVISION"] = entry.GetProperty("revision").GetRawText(),
        ["SESSION_MESH_EVENT_AT"] = Json.Text(entry, "at"),
        ["SESSION_MESH_EVENT_ACTOR"] = Json.Text(entry, "actor"),
    };

    private static bool IsThere(string file) => file.Contains('/', StringComparison.Ordinal)
        ? File.Exists(file)
        : file.Length > 0 && (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(at => File.Exists(Path.Combine(at, file)));
}
