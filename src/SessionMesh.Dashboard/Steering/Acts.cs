using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;
using SessionMesh.Dashboard.Controls;

namespace SessionMesh.Dashboard.Steering;

/// <summary>What came of an act.</summary>
/// <param name="Said">A sentence for the person.</param>
/// <param name="IsRefused">Nothing is known to have been done.</param>
/// <param name="IsMiscounted">Nothing was done because they are not as many by now as the person confirmed.</param>
internal sealed record ActAnswer(string Said, bool IsRefused = false, bool IsMiscounted = false);

/// <summary>Who is below an agent, as far as they still run.</summary>
/// <param name="IsWhole">There are no more than these.</param>
internal sealed record Descendants(IReadOnlyList<string> Ids, bool IsWhole);

/// <summary>
/// What a person does to agents: each is one call of the API with their key, and says what came of it in a sentence. Nothing is said to be
/// done before its proof is in. Many agents are counted by the mesh first: the count that the person confirms is a part of the call.
/// </summary>
internal static class Acts
{
    /// <summary>How many agents an act would reach; or the mesh's reason why it is none.</summary>
    public static async Task<(int Count, string? Refusal)> CountAsync(this MeshClient mesh, Targets targets, bool isKill)
    {
        try
        {
            // Whoever can be told to pause can be told anything. A steer would have to say a direction, even one that is not sent.
            var pause = new SteerRequest { Selector = targets.Selector, Verb = DirectiveVerb.Pause, DryRun = true };
            var count = isKill
                ? (await mesh.KillManyAsync(targets.Selector, dryRun: true)).Matched
                : (await mesh.SteerManyAsync(pause)).Matched;
            return (count, count > 0 ? null : isKill ? "None of them is left to stop." : "None of them is alive to hear it.");
        }
        catch (MeshException e)
        {
            return (0, Refused(e));
        }
    }

    /// <param name="verb">One of <see cref="DirectiveVerb.Steerable"/>.</param>
    public static Task<ActAnswer> SteerAsync(
        this MeshClient mesh, Targets targets, string verb, string? direction = null, string? message = null) =>
        SayAsync(async () =>
        {
            var request = new SteerRequest
            {
                AgentId = targets.IsOne ? targets.Ids[0] : null,
                Selector = targets.IsOne ? null : targets.Selector,
                Expect = targets.IsOne ? null : targets.Expect,
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

    public static Task<ActAnswer> KillAsync(this MeshClient mesh, Targets targets, bool takesDescendants) =>
        SayAsync(async () =>
        {
            var options = new KillOptions { Cascade = takesDescendants ? "descendants" : "none" };
            if (targets.IsOne)
            {
                var report = await mesh.KillAsync(targets.Ids[0], options);
                var below = report.Descendants.Count == 0 ? ""
                    : takesDescendants ? $", with {report.Descendants.Count} below it"
                    : $", not of the {report.Descendants.Count} below it";
                return report.Confirmed
                    ? $"kill of {targets.Name} confirmed: it is {report.Status}{below}."
                    : $"kill requested of {targets.Name}{below}: {report.Status}, not confirmed yet.";
            }

            var answer = await mesh.KillManyAsync(targets.Selector, options, targets.Expect);
            var confirmed = answer.Results.Count(result => result.Report?.Confirmed == true);
            return $"kill requested of {Plural.Of(answer.Matched, "agent")}; {confirmed} confirmed so far.";
        });

    /// <summary>Who is below an agent and would go with it; null where the mesh did not say.</summary>
    public static async Task<Descendants?> DescendantsAsync(this MeshClient mesh, string agentId)
    {
        try
        {
            var below = await mesh.TopologyAsync(new TopologyQuery { Root = agentId, Limit = 1000, Fields = ["agent_id", "status"] });
            var running = below.Agents
                .Where(agent => agent.AgentId != agentId && agent.Status is not (AgentStatus.Dead or AgentStatus.Declared));
            return new Descendants([.. running.Select(agent => agent.AgentId!)], IsWhole: below.NextCursor is null);
        }
        catch (Exception e) when (e is MeshException || IsOver(e))
        {
            return null;
        }
    }

    private static async Task<ActAnswer> SayAsync(Func<Task<string>> act)
    {
        try
        {
            return new ActAnswer(await act());
        }
        catch (MeshException e)
        {
            return new ActAnswer(Refused(e), IsRefused: true, IsMiscounted: e.Code == ErrorCodes.ExpectationFailed);
        }
        catch (Exception e) when (IsOver(e))
        {
            return new ActAnswer("It is not known whether it was done: the key has ended.", IsRefused: true);
        }
    }

    /// <summary>Whether the client was closed under a call: whoever looked is signed out.</summary>
    private static bool IsOver(Exception e) => e is OperationCanceledException or ObjectDisposedException or InvalidOperationException;

    /// <summary>An answer of the mesh that it did not act is a refusal; without one it may have acted.</summary>
    private static string Refused(MeshException e) =>
        (e.Status is >= 400 and < 500 ? "Refused: " : "It is not known whether it was done: ") + e.Message;

    private static string Tally(int matched, int refused) =>
        Plural.Of(matched, "agent") + (refused == 0 ? "." : $", of which {refused} were refused.");

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
