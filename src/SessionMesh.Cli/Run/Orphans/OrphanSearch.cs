using System.Globalization;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Run.Orphans;

/// <summary>A process of an agent whose runner is gone.</summary>
internal sealed record Orphan(ProcEntry Process, int Incarnation);

/// <summary>
/// Finds what a runner that was killed has left of one agent of one mesh: processes of our own user with that agent and
/// that server's URL in their environment, whose runner, named there too, has ended; and what descends from them. What
/// does not prove all of that is not found: a process that lives under a runner, another user's, another mesh's, another
/// agent's below this one, ourselves and our ancestors. Finds nothing where there is no process table to read.
/// </summary>
internal sealed class OrphanSearch(string agentId, Uri url)
{
    private readonly string _url = UrlText(url);

    /// <summary>Proven once: a descendant without the environment stays one when its parents have ended.</summary>
    private readonly Dictionary<(int Pid, ulong StartTime), int> _proven = [];

    /// <summary>As the runner writes it into the environment.</summary>
    public static string UrlText(Uri url) => url.AbsoluteUri.TrimEnd('/');

    /// <summary>
    /// Whether the search met ourselves or an ancestor of ours, which are never in the answer: then not all that is left could be ended
    /// by us.
    /// </summary>
    public bool MetOurselves { get; private set; }

    /// <summary>Those that live now. A process born meanwhile may be missed: ask until the answer stays empty.</summary>
    public List<Orphan> Find()
    {
        if (RunnerMark.Ours is null || ProcFs.UserOf(Environment.ProcessId) is not { } us)
        {
            return [];
        }

        var table = ProcFs.All().Where(entry => ProcFs.UserOf(entry.Pid) == us && !ProcFs.IsGone(entry.Pid)).ToList();
        var ownLine = OwnLine();
        var byParent = table.ToLookup(entry => entry.ParentPid);
        var found = new Dictionary<int, Orphan>();
        var open = new Stack<Orphan>();
        foreach (var entry in table)
        {
            if (_proven.TryGetValue((entry.Pid, entry.StartTime), out var incarnation) || TryProve(entry, out incarnation))
            {
                open.Push(new Orphan(entry, incarnation));
            }
        }

        while (open.TryPop(out var orphan))
        {
            if (ownLine.Contains(orphan.Process.Pid))
            {
                MetOurselves = true;
                continue;
            }

            if (!found.TryAdd(orphan.Process.Pid, orphan))
            {
                continue;
            }

            _proven[(orphan.Process.Pid, orphan.Process.StartTime)] = orphan.Incarnation;
            foreach (var child in byParent[orphan.Process.Pid])
            {
                // A descendant that took the variables out of its environment is still one; one that speaks for another
                // agent, or in another mesh, is that agent's.
                if (!ownLine.Contains(child.Pid) && !BelongsElsewhere(child))
                {
                    open.Push(new Orphan(child, orphan.Incarnation));
                }
            }
        }

        return [.. found.Values.OrderBy(orphan => orphan.Process.Pid)];
    }

    /// <summary>Whether its environment says that it is of our agent, and that its runner is gone.</summary>
    private bool TryProve(ProcEntry entry, out int incarnation)
    {
        incarnation = 0;
        var environment = ProcFs.EnvironmentOf(
            entry.Pid, MeshSettings.AgentVariable, MeshSettings.UrlVariable, MeshSettings.IncarnationVariable, RunnerMark.Variable);
        return environment is [var agent, var mesh, var life, var runner]
            && agent == agentId
            && mesh == _url
            && int.TryParse(life, NumberStyles.None, CultureInfo.InvariantCulture, out incarnation)
            && RunnerMark.Parse(runner) is { IsGone: true }
            && ProcFs.Read(entry.Pid)?.StartTime == entry.StartTime;
    }

    private bool BelongsElsewhere(ProcEntry entry) =>
        ProcFs.EnvironmentOf(entry.Pid, MeshSettings.AgentVariable, MeshSettings.UrlVariable) is [var agent, var mesh]
        && ((agent is not null && agent != agentId) || (mesh is not null && mesh != _url));

    /// <summary>Ourselves and all above us.</summary>
    private static HashSet<int> OwnLine()
    {
        var line = new HashSet<int>();
        for (var pid = Environment.ProcessId; pid > 0 && line.Add(pid);)
        {
            pid = ProcFs.Read(pid)?.ParentPid ?? 0;
        }

        return line;
    }
}
