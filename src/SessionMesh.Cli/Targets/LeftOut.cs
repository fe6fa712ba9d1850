using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Targets;

/// <summary>An agent that was named, that nothing is done to, and why.</summary>
/// <param name="Code"><c>agent_not_found</c> or <c>not_alive</c>.</param>
/// <param name="Below">How many live below it.</param>
internal sealed record LeftOut(string AgentId, string Code, string Words, int Below = 0)
{
    /// <summary>Agents that are named line by line; JSON has them all.</summary>
    private const int MostNamed = 20;

    private const int LooksAtOnce = 8;

    public bool IsUnknown => Code == ErrorCodes.AgentNotFound;

    /// <summary>Looks why each of these was left out, in their order.</summary>
    public static async Task<IReadOnlyList<LeftOut>> LookAsync(
        CommandContext context, IEnumerable<string> ids, CancellationToken cancellation)
    {
        var asked = ids.ToList();
        var found = new LeftOut[asked.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = LooksAtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, asked.Count, parallel, async (i, token) => found[i] = await LookAsync(context, asked[i], token));
        return found;
    }

    public static LeftOut Unknown(string id) =>
        new(id, ErrorCodes.AgentNotFound, $"no agent '{id}' is known: session-mesh list --filter all shows who is");

    /// <summary>A line each, on stderr.</summary>
    public static void Say(CommandContext context, IReadOnlyCollection<LeftOut> all)
    {
        foreach (var one in all.Take(MostNamed))
        {
            context.Note(one.Words);
        }

        if (all.Count > MostNamed)
        {
            context.Note($"and {all.Count - MostNamed} more, which -o json names");
        }
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("agent_id"u8, AgentId);
        json.WriteString("code"u8, Code);
        json.WriteEndObject();
    }

    private static async Task<LeftOut> LookAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        try
        {
            var agent = await context.Client.SendAsync(MeshCall.Agent(id), cancellation);
            var below = agent.TryGetProperty("descendants", out var count) && count.TryGetInt32(out var number) ? number : 0;
            return new LeftOut(id, ErrorCodes.NotAlive, $"agent {id} is {Json.Text(agent, "status") ?? "not there"}", below);
        }
        catch (MeshException e) when (e.Code == ErrorCodes.AgentNotFound)
        {
            return Unknown(id);
        }
        catch (MeshException e) when (e.Problem is { Status: 403 })
        {
            return new LeftOut(id, ErrorCodes.NotAlive, $"agent {id} is unknown or not alive; this key may not look");
        }
    }
}
