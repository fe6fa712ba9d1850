using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Agents;

/// <summary>
/// Tells agents to stop by name, in as many calls as their ids take. One that has gone meanwhile does not keep the others alive: it is in
/// the answer as <c>not_alive</c>.
/// </summary>
internal sealed class KillNamed(CommandContext context, KillOptions options)
{
    /// <summary>Characters of ids in one call: they travel in the path, of which a server takes 8,192.</summary>
    private const int IdsLength = 6000;

    /// <summary>How often a page is sent again because one of its agents has gone meanwhile.</summary>
    private const int Attempts = 5;

    /// <summary>As a kill by selector answers.</summary>
    public async Task<JsonElement> RunAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var (results, done) = (new List<JsonElement>(ids.Count), 0);
        using var progress = context.ShowProgress(() => $"{ProgressLine.Bar(Volatile.Read(ref done), ids.Count)} told to stop");
        foreach (var page in Pages(ids))
        {
            results.AddRange(await SendAsync(page, cancellation));
            Volatile.Write(ref done, done + page.Count);
        }

        return Json.Build(json =>
        {
            json.WriteNumber("matched"u8, results.Count);
            json.WriteStartArray("results"u8);
            foreach (var result in results)
            {
                result.WriteTo(json);
            }

            json.WriteEndArray();
        });
    }

    private async Task<IEnumerable<JsonElement>> SendAsync(IReadOnlyList<string> page, CancellationToken cancellation)
    {
        IReadOnlyList<string> present = page;
        for (var attempt = 1; present.Count > 0; attempt++)
        {
            try
            {
                var answer = await context.Client.SendAsync(
                    MeshCall.KillMany(new AgentSelector { AgentIds = present }, options, present.Count), cancellation);
                return ResultsOf(answer).Concat(page.Except(present).Select(Gone));
            }
            catch (MeshException e) when (e.Code is ErrorCodes.ExpectationFailed or ErrorCodes.NothingMatched && attempt < Attempts)
            {
                var matched = await context.Client.SendAsync(
                    MeshCall.KillMany(new AgentSelector { AgentIds = present }, options, dryRun: true), cancellation);
                present = [.. ResultsOf(matched).Select(result => Json.Text(result, "agent_id")).OfType<string>()];
            }
        }

        return page.Select(Gone);
    }

    private static List<JsonElement> ResultsOf(JsonElement answer) =>
        answer.TryGetProperty("results", out var results) ? [.. results.EnumerateArray()] : [];

    private static JsonElement Gone(string id) => Json.Build(json =>
    {
        json.WriteString("agent_id"u8, id);
        json.WriteString("code"u8, ErrorCodes.NotAlive);
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
