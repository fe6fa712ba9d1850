using SessionMesh.Cli.Run.Process;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Run.Handlers;

/// <summary>
/// <c>--on-steer CMD</c>: runs CMD by <c>/bin/sh -c</c> once a directive. What the directive says reaches it in the
/// environment and as JSON on its stdin, never as part of the command, so nothing in it is ever run. Exit 0 is
/// <c>acknowledged</c>, any other end <c>rejected</c>. Its stdout goes to our stderr: the stdout is the process's own.
/// </summary>
internal sealed class OnSteerHandler(
    string command, ChildReaper reaper, ISupervised tree,
    IReadOnlyDictionary<string, string?> environment, TimeSpan atMost, TimeProvider time)
    : ISteerHandler
{
    private const int Stderr = 2;

    public async Task<HandlerResult> HandleAsync(Directive directive, CancellationToken stopping)
    {
        using var pipe = new ChildPipe(time);
        ChildProcess helper;
        try
        {
            helper = reaper.Start(new SpawnRequest
            {
                File = "/bin/sh",
                Arguments = ["-c", command],
                Environment = EnvironmentFor(directive),
                Stdin = pipe.ReadEnd,
                Stdout = Stderr,
            });
        }
        catch (SpawnException e)
        {
            return HandlerResult.Rejected($"the handler could not be started: {e.Message}");
        }

        using var exempt = tree.Exempt(helper);
        using var bound = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, bound.Token);
        try
        {
            pipe.CloseReadEnd();
            await pipe.WriteAsync(DirectiveText.JsonLine(directive), atMost, either.Token);
            pipe.CloseWriteEnd();
            var exit = await helper.Exited.WaitAsync(either.Token);
            return exit.Code == 0 ? HandlerResult.Acknowledged : HandlerResult.Rejected($"the handler ended with {exit}");
        }
        catch (OperationCanceledException)
        {
            reaper.SignalGroup(helper, Signals.Kill);
            return HandlerResult.Rejected(stopping.IsCancellationRequested
                ? "the process was stopped before the handler ended"
                : $"the handler did not end within {atMost.TotalSeconds:0.#} s");
        }
    }

    private Dictionary<string, string?> EnvironmentFor(Directive directive) => new(environment)
    {
        ["SESSION_MESH_PID"] = tree.Pid.ToString(),
        ["SESSION_MESH_DIRECTION"] = directive.Direction ?? "",
        ["SESSION_MESH_MESSAGE"] = directive.Message ?? "",
        ["SESSION_MESH_DATA"] = directive.Data?.GetRawText() ?? "",
        ["SESSION_MESH_DIRECTIVE_ID"] = directive.DirectiveId,
        ["SESSION_MESH_SEQ"] = directive.Seq.ToString(),
    };
}
