using SessionMesh.Client;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Dashboard.Steering;

/// <summary>
/// What a person does to agents: each is a call of the API with their key, and says what came of it in a sentence. Nothing is said to be
/// done before its proof is in.
/// </summary>
internal static class Acts
{
    /// <param name="verb">One of <see cref="DirectiveVerb.Steerable"/>.</param>
    public static Task<string> SteerAsync(
        this MeshClient mesh, Targets targets, string verb, string? direction = null, string? message = null) =>
        SayAsync(async () =>
        {
            var request = new SteerRequest
            {
                AgentId = targets.IsOne ? targets.Ids[0] : null,
                Selector = targets.IsOne ? null : targets.Selector,
                Expect = targets.IsOne ? null : targets.Ids.Count,
                Verb = verb,
                Direction = Given(direction),
                Message = Given(message),
            };
            if (targets.IsOne)
            {
                var directive = await mesh.SteerAsync(request);
                return $"{verb} requested of {targets.Name}: {directive.State}.";
            }

            var answer = await mesh.SteerManyAsync(request);
            return $"{verb} requested of {Tally(answer.Matched, answer.Results.Count(result => result.Code is not null))}";
        });

    public static Task<string> KillAsync(this MeshClient mesh, Targets targets, bool takesDescendants) =>
        SayAsync(async () =>
        {
            var options = new KillOptions { Cascade = takesDescendants ? "descendants" : "none" };
            if (targets.IsOne)
            {
                var report = await mesh.KillAsync(targets.Ids[0], options);
                var below = report.Descendants.Count == 0 ? "" : $", with {report.Descendants.Count} below it";
                return report.Confirmed
                    ? $"kill of {targets.Name} confirmed: it is {report.Status}{below}."
                    : $"kill requested of {targets.Name}{below}: {report.Status}, not confirmed yet.";
            }

            var answer = await mesh.KillManyAsync(targets.Selector, options, expect: targets.Ids.Count);
            var confirmed = answer.Results.Count(result => result.Report?.Confirmed == true);
            return $"kill requested of {answer.Matched} agents; {confirmed} confirmed so far.";
        });

    /// <summary>How many agents are below one that would go with it, and some of their ids; null where the mesh did not say.</summary>
    public static async Task<IReadOnlyList<string>?> DescendantsAsync(this MeshClient mesh, string agentId)
    {
        try
        {
            var below = await mesh.TopologyAsync(new TopologyQuery { Root = agentId, Limit = 1000, Fields = ["agent_id"] });
            return [.. below.Agents.Select(agent => agent.AgentId!).Where(id => id != agentId)];
        }
        catch (MeshException)
        {
            return null;
        }
    }

    private static async Task<string> SayAsync(Func<Task<string>> act)
    {
        try
        {
            return await act();
        }
        catch (MeshException e)
        {
            return "Refused: " + e.Message;
        }
    }

    private static string Tally(int matched, int refused) =>
        refused == 0 ? $"{matched} agents." : $"{matched} agents, of which {refused} were refused.";

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
