using System.Text.Json;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Client;
using SessionMesh.Contracts.Registry;

namespace SessionMesh.Cli.Claims;

/// <summary>
/// Runs a command while a claim is held: claims first, renews meanwhile, and releases when the command ends, however it ends. The command
/// is told what was claimed and is otherwise left alone; what it leaves behind is left, too.
/// </summary>
internal sealed class ClaimedCommand(MeshClient client, RunLog log, TimeProvider time, bool takesSignals)
{
    public const string IdVariable = "SESSION_MESH_CLAIM_ID";
    public const string AgentVariable = "SESSION_MESH_CLAIM_AGENT";
    public const string SpecVariable = "SESSION_MESH_CLAIM_SPEC";

    /// <summary>The command's exit code, or 128 plus the signal that ended it, or us before it was started.</summary>
    /// <exception cref="MeshException">Nothing was claimed, and nothing was started.</exception>
    /// <exception cref="SpawnException">It could not be started; the claim was released.</exception>
    public async Task<int> RunAsync(ClaimRequest request, TimeSpan wait, IReadOnlyList<string> command)
    {
        var reaper = ChildReaper.Shared; // remembers which signals were ignored, before any of them is taken
        using var signals = new ClaimSignals(takesSignals, time);
        var claim = await ClaimAsync(request, wait, signals.Leaving);
        if (claim is null)
        {
            return 128 + signals.Left;
        }

        log.Say($"claim {claim.ClaimId}, agent {claim.AgentId}, {claim.Specialization}");
        var keeper = new ClaimKeeper(client, claim, log, time);
        var process = new Foreground(reaper, signals, time);
        using var over = new CancellationTokenSource();
        var keeping = Task.CompletedTask;
        try
        {
            if (signals.Leaving.IsCancellationRequested)
            {
                return 128 + signals.Left;
            }

            process.Start(command, claim);
            keeping = keeper.KeepAsync(over.Token);
            return (await process.EndAsync()).ShellCode;
        }
        finally
        {
            await over.CancelAsync();
            await keeping;
            await keeper.ReleaseAsync(signals.Hurry);
            process.PassOnInterrupt();
        }
    }

    private async Task<ClaimRow?> ClaimAsync(ClaimRequest request, TimeSpan wait, CancellationToken leaving)
    {
        try
        {
            var answer = await new Claiming(client, time).AskAsync(request, wait, leaving);
            return answer.Deserialize(ClientJson.Context.ClaimRow);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>The process in our place: on the terminal that is ours, with the signals that reach us.</summary>
    private sealed class Foreground(ChildReaper reaper, ClaimSignals signals, TimeProvider time)
    {
        private ChildProcess? _child;
        private JobControl? _job;
        private Task _following = Task.CompletedTask;

        public void Start(IReadOnlyList<string> command, ClaimRow claim)
        {
            var terminal = ControllingTerminal.Find();
            var isInFront = terminal is not null && ControllingTerminal.IsOurs;
            _child = reaper.Start(new SpawnRequest
            {
                File = command[0],
                Arguments = [.. command.Skip(1)],
                Environment = new Dictionary<string, string?>
                {
                    [IdVariable] = claim.ClaimId,
                    [AgentVariable] = claim.AgentId,
                    [SpecVariable] = claim.Specialization,
                },
                Placement = terminal is null ? Placement.NewSession : Placement.ForegroundGroup,
                Terminal = isInFront ? ControllingTerminal.Descriptor : -1,
            });
            _job = new JobControl(_child, new ProcessTree(reaper, _child, time), terminal, () => false);
            signals.Aim(_child, _job);
            _job.Begin(isInFront);
            _following = _job.FollowAsync();
        }

        public async Task<ExitStatus> EndAsync()
        {
            var exit = await _child!.Exited;
            _job!.End(exit);
            await _following;
            return exit;
        }

        /// <summary>Where Ctrl+C ended it, a shell's loop around us ends, too.</summary>
        public void PassOnInterrupt()
        {
            if (_job is { EndedByKey: true })
            {
                JobControl.PassOnInterrupt();
            }
        }
    }
}
