using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SessionMesh.Cli.Config.Rules;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Balance;

/// <summary>What became of a proposal.</summary>
internal sealed record ActResult(Proposal Proposal, string Outcome)
{
    public const string Done = "done";

    /// <summary>In a dry run: what it would do.</summary>
    public const string Planned = "planned";
    public const string Refused = "refused";

    public string? DirectiveId { get; init; }
    public string? Code { get; init; }
    public string? Detail { get; init; }
}

/// <summary>Does what the rules propose, by the ordinary steer and kill, each with the rule's name as its reason.</summary>
internal static class Acting
{
    /// <summary>Acts under way at once: the mesh commits them together.</summary>
    public const int AtOnce = 8;

    /// <summary>
    /// What became of them, in their order. Of which it is not known whether it was done is not among them, and the failure says why: the
    /// rule proposes it again, and it goes out under the same key.
    /// </summary>
    /// <param name="unanswered">Acts of which that is not known, and when they went out first: their key is of that time.</param>
    public static async Task<(IReadOnlyList<ActResult> Results, Exception? Failure)> DoAsync(
        MeshClient client,
        IReadOnlyList<Proposal> proposals,
        DateTimeOffset now,
        Dictionary<(string Rule, string AgentId, int Incarnation), DateTimeOffset> unanswered,
        CancellationToken cancellation)
    {
        Exception? failure = null;
        var results = await Task.WhenAll(proposals.Select(async proposal =>
        {
            try
            {
                return await DoAsync(client, proposal, BegunAt(proposal), cancellation);
            }
            catch (Exception e) when (e is MeshException or OperationCanceledException)
            {
                failure = e;
                return null;
            }
        }));
        foreach (var proposal in proposals)
        {
            unanswered[KeyOf(proposal)] = BegunAt(proposal);
        }

        foreach (var result in results.OfType<ActResult>())
        {
            unanswered.Remove(KeyOf(result.Proposal));
        }

        // A cool-down later it is another act, whatever became of the first.
        DateTimeOffset BegunAt(Proposal proposal) =>
            unanswered.TryGetValue(KeyOf(proposal), out var begun) && now - begun < proposal.Rule.CoolDown ? begun : now;
        return ([.. results.OfType<ActResult>()], failure);
    }

    private static (string, string, int) KeyOf(Proposal proposal) =>
        (proposal.Rule.Name, proposal.Agent.AgentId, proposal.Agent.Incarnation);

    private static async Task<ActResult> DoAsync(MeshClient client, Proposal proposal, DateTimeOffset now, CancellationToken cancellation)
    {
        try
        {
            var answer = await client.SendAsync(CallOf(proposal, now), cancellation);
            var told = answer.TryGetProperty("results", out var results) ? results[0] : answer;
            return Json.Text(told, "code") is { } code
                ? Refused(proposal, code, WhyOf(code, Json.Text(told, "detail")))
                : new ActResult(proposal, ActResult.Done) { DirectiveId = Json.Text(told, "directive_id") };
        }
        catch (MeshException e) when (IsOfOneOnly(e))
        {
            return Refused(proposal, e.Code, ProblemText.WhyOf(e));
        }
    }

    private static ActResult Refused(Proposal proposal, string? code, string why) =>
        new(proposal, ActResult.Refused) { Code = code, Detail = why };

    private static string WhyOf(string code, string? detail) => ProblemText.WhyOf(
        new Problem { Type = "", Title = "", Status = 409, Code = code, Detail = detail ?? code });

    /// <summary>A wrong key or an absent server concerns them all.</summary>
    private static bool IsOfOneOnly(MeshException error) => error.Failure is MeshFailure.Refused
        && error.Code is not ErrorCodes.MissingScope && error.Status is not (401 or 408 or 429) && error.Status < 500;

    private static MeshCall CallOf(Proposal proposal, DateTimeOffset now)
    {
        var (rule, agent, act) = (proposal.Rule, proposal.Agent, proposal.Rule.Act);
        var call = act.Verb is RuleAct.Kill
            ? MeshCall.Kill(agent.AgentId, new KillOptions { Grace = act.Grace, Cascade = act.Cascade, Reason = rule.Name })
            : MeshCall.Steers(new SteersRequest
            {
                // One alone, so that each has a key of its own; in this form a full inbox is an answer, and nothing waits to ask again.
                Steers =
                [
                    new SteerRequest
                    {
                        AgentId = agent.AgentId,
                        Verb = act.Verb,
                        Direction = act.Direction,
                        Message = act.Message,
                        Ttl = act.Ttl,
                        Reason = rule.Name,
                    },
                ],
            });
        return call with { IdempotencyKey = KeyOf(call, agent, rule, now) };
    }

    /// <summary>
    /// The same for whichever balancer acts on this incarnation of the agent in this stretch of the cool-down, so that what is sent again,
    /// or late, is not done again. Two acts that are a cool-down apart are never in the same stretch.
    /// </summary>
    private static string KeyOf(MeshCall call, Sight agent, Rule rule, DateTimeOffset now)
    {
        var stretch = now.ToUnixTimeSeconds() / (long)rule.CoolDown.TotalSeconds;
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{rule.Name}\n{call.Method} {call.Path}\n{agent.Epoch}.{agent.Incarnation}\n{stretch}\n{rule.CoolDown.TotalSeconds}\n");
        return "balance-" + Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(text), .. call.Body.Span]));
    }
}
