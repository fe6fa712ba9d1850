using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Agents;

/// <summary>
/// Tells agents to stop by name, in as many calls as their ids take. One that has gone meanwhile does not keep the others alive: it is in
/// the answer as <c>not_alive</c>; or, of those whom the caller named, with what a kill of it alone answers.
/// </summary>
internal sealed class KillNamed(CommandContext context, KillOptions options)
{
    /// <summary>Characters of ids in one call: they travel in the path, of which a server takes 8,192.</summary>
    private const int IdsLength = 6000;

    /// <summary>How often a page is sent again because one of its agents has gone meanwhile.</summary>
    private const int Attempts = 5;

    private const int StopsAtOnce = 8;

    private readonly HashSet<string> _deadBefore = [];

    /// <summary>Whether the caller named them, one by one: they may be dead, or unknown.</summary>
    public bool AreNamed { get; init; }

    /// <summary>How many of them the caller says can be stopped; null where no count was given.</summary>
    public int? Expect { get; init; }

    /// <summary>Those that were dead before they were told; known once the kill is sent.</summary>
    public IReadOnlySet<string> DeadBefore => _deadBefore;

    /// <summary>As a kill by selector answers.</summary>
    public async Task<JsonElement> RunAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var (results, done) = (new List<JsonElement>(ids.Count), 0);
        using var progress = context.ShowProgress(() => $"{ProgressLine.Bar(Volatile.Read(ref done), ids.Count)} told to stop");
        foreach (var page in Expect is null ? Pages(ids) : [ids])
        {
            var told = await SendAsync(page, cancellation);
            results.AddRange(told);
            results.AddRange(await OthersAsync([.. page.Except(told.Select(IdOf))], cancellation));
            Volatile.Write(ref done, done + page.Count);
        }

        return Json.Build(json =>
        {
            json.WriteNumber("matched"u8, results.Count(result => result.TryGetProperty("report", out _)));
            json.WriteStartArray("results"u8);
            foreach (var result in results)
            {
                result.WriteTo(json);
            }

            json.WriteEndArray();
        });
    }

    /// <summary>Those of them that have not ended.</summary>
    public async Task<IReadOnlyList<string>> MatchAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var matched = new List<string>(ids.Count);
        foreach (var page in Pages(ids))
        {
            var answer = await context.Client.SendAsync(
                MeshCall.KillMany(new AgentSelector { AgentIds = page }, options, dryRun: true), cancellation);
            matched.AddRange(ResultsOf(answer).Select(IdOf));
        }

        return matched;
    }

    private async Task<List<JsonElement>> SendAsync(IReadOnlyList<string> page, CancellationToken cancellation)
    {
        IReadOnlyList<string> present = page;
        for (var attempt = 1; present.Count > 0; attempt++)
        {
            try
            {
                var answer = await context.Client.SendAsync(
                    MeshCall.KillMany(new AgentSelector { AgentIds = present }, options, Expect ?? present.Count), cancellation);
                return ResultsOf(answer);
            }
            catch (MeshException e) when (Expect is null
                && e.Code is ErrorCodes.ExpectationFailed or ErrorCodes.NothingMatched && attempt < Attempts)
            {
                present = await MatchAsync(present, cancellation);
            }
        }

        return [];
    }

    /// <summary>What is to be said of those that the call for many did not stop.</summary>
    private async Task<IReadOnlyList<JsonElement>> OthersAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        if (!AreNamed)
        {
            return [.. ids.Select(id => Refused(id, ErrorCodes.NotAlive, detail: null))];
        }

        var results = new JsonElement[ids.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = StopsAtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, ids.Count, parallel, async (i, token) => results[i] = await StopAloneAsync(ids[i], token));
        _deadBefore.UnionWith(results.Where(IsDead).Select(IdOf));
        return results;
    }

    private async Task<JsonElement> StopAloneAsync(string id, CancellationToken cancellation)
    {
        try
        {
            var report = await context.Client.SendAsync(MeshCall.Kill(id, options), cancellation);
            return Json.Build(json =>
            {
                json.WriteString("agent_id"u8, id);
                json.WritePropertyName("report"u8);
                report.WriteTo(json);
            });
        }
        catch (MeshException e) when (e.Problem is { Status: 404 or 409 or 403 } problem)
        {
            return Refused(id, problem.Code, ProblemText.WhyOf(problem));
        }
    }

    private static bool IsDead(JsonElement result) =>
        result.TryGetProperty("report", out var report) && Json.Text(report, "status") is AgentStatus.Dead;

    private static string IdOf(JsonElement result) => Json.Text(result, "agent_id") ?? "";

    private static List<JsonElement> ResultsOf(JsonElement answer) =>
        answer.TryGetProperty("results", out var results) ? [.. results.EnumerateArray()] : [];

    private static JsonElement Refused(string id, string code, string? detail) => Json.Build(json =>
    {
        json.WriteString("agent_id"u8, id);
        json.WriteString("code"u8, code);
        if (detail is not null)
        {
            json.WriteString("detail"u8, detail);
        }
    });

    private static IEnumerable<IReadOnlyList<string>> Pages(IReadOnlyList<string> ids)
    {
        var (page, length) = (new List<string>(), 0);
        foreach (var id in ids)
        {
            if (page.Count > 0 && length + id.Length > IdsLength)
            {
                yield return page;
                (page, length) = ([], 0);
            }

            page.Add(id);
            length += id.Length + 3; // a comma, escaped
        }

        if (page.Count > 0)
        {
            yield return page;
        }
    }
}
