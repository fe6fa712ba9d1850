using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run.Orphans;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Attach;

/// <summary>Which process may be put under the mesh from outside.</summary>
internal static class AttachTarget
{
    private const int CommandLength = 60;

    /// <summary>The process above all threads of the kernel.</summary>
    private const int Kernel = 2;

    /// <param name="startedUs">Whether it may be one that this command runs in, as the agent is whose hook starts it.</param>
    /// <exception cref="CommandException">It is gone, another account's, this command itself, or one that this command runs in.</exception>
    public static HeldProcess Open(int pid, bool startedUs = false)
    {
        var misses = ProcFs.Misses;
        if (ProcFs.Read(pid) is not { } seen)
        {
            throw ProcFs.Misses != misses ? Unseen(pid) : Gone($"there is no process {pid}");
        }

        var name = NameOf(pid);
        for (var line = Environment.ProcessId; line > 0; line = ProcFs.Read(line)?.ParentPid ?? 0)
        {
            if (line == pid && (!startedUs || pid == Environment.ProcessId))
            {
                throw CommandException.Usage(
                    pid == Environment.ProcessId
                        ? $"process {pid} is this very command"
                        : $"process {pid} ({name}) is one that this command runs in: a stop would end both",
                    "the same command from another shell");
            }
        }

        if (ProcFs.IsGone(pid))
        {
            throw Gone($"process {pid} ({name}) has ended; only its parent has not noticed yet");
        }

        if (IsOfTheKernel(seen, ProcFs.CommandLine(pid)))
        {
            throw CommandException.Usage($"process {pid} is a thread of the kernel", "the number of a program that runs");
        }

        if (ProcFs.UserOf(pid) is { } user && user != ProcFs.UserOf(Environment.ProcessId))
        {
            throw new CommandException(
                ExitCodes.NotAllowed,
                $"process {pid} ({name}) belongs to another account, user {user}", "the same command as that account");
        }

        if (!startedUs && ProcFs.EnvironmentOf(pid, MeshSettings.AgentVariable, RunnerMark.Variable) is [{ } agent, var runner]
            && RunnerMark.Parse(runner) is { IsGone: false })
        {
            throw new CommandException(
                ExitCodes.Conflict,
                $"process {pid} ({name}) is under 'session-mesh run' already, as agent {agent} or below it",
                $"session-mesh steer {agent} reaches it");
        }

        return HeldProcess.Open(pid, seen.StartTime)
            ?? throw (ProcFs.Misses != misses ? Unseen(pid)
                : ProcFs.Read(pid)?.StartTime == seen.StartTime
                ? CommandException.Usage($"process {pid} ({name}) cannot be held: attach needs Linux 5.3 or newer")
                : Gone($"process {pid} ({name}) has ended"));
    }

    /// <summary>Whether it is one of those that the kernel itself runs: they have no program, and take no signal.</summary>
    public static bool IsOfTheKernel(ProcEntry process, string? commandLine) =>
        commandLine is null && (process.Pid == Kernel || process.ParentPid == Kernel);

    private static CommandException Unseen(int pid) => new(
        ExitCodes.Failed, $"process {pid} cannot be looked at: this command may open no more files", "ulimit -n 1024 before it");

    private static CommandException Gone(string why) => new(ExitCodes.NotFound, why, "pgrep -a NAME finds the numbers of processes");

    private static string NameOf(int pid)
    {
        var command = Secrets.Redact(ProcFs.CommandLine(pid) ?? "?");
        return command.Length > CommandLength ? command[..CommandLength] + "…" : command;
    }
}
