using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Hooks;

/// <summary>Finds the agent of a session or sub-agent, and registers it where there is none. Call it under the session's gate.</summary>
internal sealed class HookRegistrar(MeshEngine engine)
{
    /// <summary>
    /// Seconds of a lease that only events renew. The longest a tool runs between two of them is ten minutes; a watcher at the process
    /// takes a shorter one.
    /// </summary>
    public const int Ttl = 900;

    private const string ProgramLabel = "agent";
    private const string SessionLabel = "session";

    private static readonly int[] s_lengths = [8, 13, 18, 23, MeshId.MaxLength];

    private static MeshError Taken =>
        new(ErrorKind.Conflict, ErrorCodes.AlreadyAlive, "Another session's agent has the id that this one's would have.");

    /// <returns>The agent, and whether it was registered just now.</returns>
    public async Task<Outcome<(HookAgent Agent, bool IsNew)>> MainAsync(HookRequest request, HookSession session)
    {
        if (session.Main is { } known && Look(request, known) is { } kept)
        {
            return kept;
        }

        if (FreeId(request) is not { } id)
        {
            return Taken;
        }

        var profile = MainProfile(request);
        var found = await EnsureAsync(request, id, profile, Keep);
        return found.Succeeded || profile.ParentId is null
            ? found
            : await EnsureAsync(request, id, profile with { ParentId = null }, Keep); // its parent is gone, or may not have it

        void Keep(HookAgent agent) => session.Main = agent;
    }

    /// <summary>The main agent of a session as it lives; null where it is still to be registered, is dead, or may not be reached.</summary>
    public HookAgent? Find(HookRequest request, HookSession session)
    {
        if (session.Main is { } known && Look(request, known) is { } kept)
        {
            return kept.Succeeded ? known : null;
        }

        return FreeId(request) is { } id && Living(request, id) is { } found ? session.Main = found : null;
    }

    /// <summary>The id for a session's main agent: the shortest that no other session's has. Null when all are taken.</summary>
    private string? FreeId(HookRequest request)
    {
        var name = request.Program.Short(request.SessionId);
        foreach (var length in s_lengths)
        {
            var id = request.Program.Prefix + name[..Math.Min(length, name.Length)];
            if (!MeshId.IsValid(id))
            {
                break;
            }

            if (engine.State.Find(id) is { } slot && !IsOf(request, slot.Agent))
            {
                continue; // another session's
            }

            return id;
        }

        return null;
    }

    /// <param name="parent">Id of the agent above a new one.</param>
    public async Task<Outcome<(HookAgent Agent, bool IsNew)>> SubAgentAsync(
        HookRequest request, HookSession session, string parent, string subAgent)
    {
        var id = $"{session.Main!.Id}.{request.Program.Short(subAgent)}";
        if (!MeshId.IsValid(id))
        {
            return new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidRequest, MeshId.Rule);
        }

        var found = session.SubAgents.TryGetValue(subAgent, out var known) && Look(request, known) is { } kept
            ? kept
            : await EnsureAsync(request, id, SubProfile(request, parent), agent => session.Add(subAgent, agent));
        if (!found.Succeeded && found.Error.Code == ErrorCodes.Tombstoned && engine.State.Find(id) is { } dead
            && IsOf(request, dead.Agent))
        {
            // It is told to end, and its end is still to be seen.
            known ??= new HookAgent(id, dead.Agent.Incarnation);
            session.Add(subAgent, known);
        }

        return found;
    }

    /// <summary>Null where the agent has to be looked for again; an error where it was stopped and may not come back.</summary>
    private Outcome<(HookAgent Agent, bool IsNew)>? Look(HookRequest request, HookAgent known)
    {
        if (engine.State.Find(known.Id) is not { } slot || !engine.State.Reaches(request.Key, slot.Agent)
            || slot.Agent.Incarnation != known.Incarnation)
        {
            return null;
        }

        return slot.Agent switch
        {
            { Liveness: Liveness.Dead, LastExit.Confirmed: false } => Fencing.Tombstoned(slot.Agent),
            { Liveness: Liveness.Dead } => null,
            _ => (known, false),
        };
    }

    private async Task<Outcome<(HookAgent Agent, bool IsNew)>> EnsureAsync(
        HookRequest request, string id, Profile profile, Action<HookAgent> keep)
    {
        if (engine.State.Find(id) is { } taken && !IsOf(request, taken.Agent))
        {
            return Taken;
        }

        if (Living(request, id) is { } found)
        {
            keep(found);
            return (found, false);
        }

        var register = new RegisterAgent { Actor = request.Key.Id, AgentId = id, Profile = profile };
        var registered = await engine.ExecuteAsync(register, request.Http.StampOrigin());
        if (!registered.Succeeded)
        {
            return registered.Error;
        }

        var agent = new HookAgent(id, registered.Value.Agent.Incarnation);
        keep(agent);
        return (agent, true);
    }

    /// <summary>A server that was started anew finds the agent as it was.</summary>
    private HookAgent? Living(HookRequest request, string id) =>
        engine.State.Find(id)?.Agent is { HasSession: true, Liveness: not (Liveness.Dead or Liveness.Declared) } alive
            && engine.State.Reaches(request.Key, alive)
                ? new HookAgent(id, alive.Incarnation)
                : null;

    private static bool IsOf(HookRequest request, Agent agent) =>
        agent.Labels.Labels.TryGetValue(SessionLabel, out var session) && session == Label(request.SessionId)
        && agent.Labels.Labels.TryGetValue(ProgramLabel, out var program) && program == request.Program.Name;

    private static Profile MainProfile(HookRequest request) => new()
    {
        ParentId = request.Parent,
        Labels = Labels(request),
        Ttl = Ttl,
    };

    private static Profile SubProfile(HookRequest request, string parent) => new()
    {
        ParentId = parent,
        Labels = Labels(request),
        Skills = SpecializationName.Normalize(request.Event.SubAgentType ?? "") is { Length: > 0 and <= Limits.NameLength } name
            && !Check.HasControl(name) && SpecializationName.Parts(name) <= Limits.SpecializationParts
                ? [new SkillProfile(name)]
                : [],
        Ttl = Ttl,
    };

    private static Dictionary<string, string> Labels(HookRequest request)
    {
        var labels = new Dictionary<string, string>
        {
            [ProgramLabel] = request.Program.Name,
            [SessionLabel] = Label(request.SessionId),
        };
        if (Path.GetFileName(request.Event.Directory?.TrimEnd('/', '\\')) is { Length: > 0 } project)
        {
            labels["project"] = Label(project);
        }

        if (request.Host is { Length: > 0 } host)
        {
            labels["host"] = Label(host);
        }

        return labels;
    }

    /// <summary>As a label's value may be.</summary>
    private static string Label(string text)
    {
        var value = text.Length <= Limits.LabelValueLength ? text : text[..Limits.LabelValueLength];
        return Check.HasControl(value) ? string.Concat(value.Where(one => !char.IsControl(one))) : value;
    }
}
