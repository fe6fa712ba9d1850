using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary>One directive to many agents: whom it would reach, sending it, and following what becomes of it.</summary>
/// <param name="request">The directive without its target; <c>wait</c> is the state to follow to.</param>
/// <param name="seconds">Bound of the wait.</param>
internal sealed class BulkSteer(CommandContext context, SteerRequest request, int seconds)
{
    /// <summary>How often a page is sent again because one of its agents has gone meanwhile.</summary>
    private const int Attempts = 5;

    /// <summary>Characters of ids in one call: half of the limit of a body; the other half is for the directive itself.</summary>
    private const int IdsLength = Limits.BodyBytes / 2;

    private readonly SteerRequest _bare = request with { Wait = null, WaitSeconds = null };

    /// <summary>The dry run: who would be reached.</summary>
    public async Task<IReadOnlyList<string>> MatchAsync(AgentSelector selector, CancellationToken cancellation)
    {
        var answer = await context.Client.SteerManyAsync(_bare with { Selector = selector, DryRun = true }, cancellation);
        return [.. answer.Results.Select(result => result.AgentId)];
    }

    /// <summary>Whether an agent of that status is told anything that is not held for it.</summary>
    public static bool Reaches(string status) => status is AgentStatus.Alive or AgentStatus.Suspect;

    /// <summary>How many would be reached.</summary>
    /// <param name="says">Whether to say on stderr who of those that are named would not: a question follows.</param>
    public async Task<int> CountAsync(AgentSelector selector, bool says, CancellationToken cancellation)
    {
        var ids = await MatchAsync(selector, cancellation);
        if (says && ids.Count > 0)
        {
            LeftOut.Say(context, await SelectorOptions.LeftOutAsync(context, selector, ids, cancellation));
        }

        return ids.Count;
    }

    /// <summary>Prints who would be reached.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ShowAsync(AgentSelector selector, string whom, CancellationToken cancellation)
    {
        var ids = await MatchAsync(selector, cancellation);
        var left = ids.Count == 0 ? [] : await SelectorOptions.LeftOutAsync(context, selector, ids, cancellation);
        return DryRun.Show(context, ids, whom, leftOut: left);
    }

    /// <summary>
    /// Sends it to all that a selector matches, if they are as many as was agreed. Who was named and not matched is in the answer with the
    /// reason.
    /// </summary>
    public Task<IReadOnlyList<SentDirective>> RunAsync(AgentSelector selector, int expect, CancellationToken cancellation)
    {
        return FollowAsync(SendAllAsync, cancellation);

        async Task<IReadOnlyList<SentDirective>> SendAllAsync()
        {
            if (expect <= Limits.SelectorMatches)
            {
                var sent = await SendAsync(selector, expect, cancellation);
                return selector.AgentIds?.Count > expect ? [.. sent, .. await LeftOutAsync(selector, sent, cancellation)] : sent;
            }

            // More than one call takes: by name, if there still are as many.
            var ids = await MatchAsync(selector, cancellation);
            if (ids.Count == expect)
            {
                return await SendAsync(ids, Gone, cancellation);
            }

            throw new CommandException(
                ExitCodes.Conflict,
                $"{SelectorOptions.Agents(ids.Count)} match, not {expect}; nothing was sent",
                "look again with --dry-run");
        }
    }

    /// <summary>
    /// Sends it to these, in as many calls as it takes. An agent that has gone meanwhile is in the answer as <c>not_alive</c>.
    /// </summary>
    public Task<IReadOnlyList<SentDirective>> RunAsync(IReadOnlyList<string> ids, CancellationToken cancellation) =>
        FollowAsync(() => SendAsync(ids, Gone, cancellation), cancellation);

    /// <summary>The same to those whom the caller named, of whom some may be unknown.</summary>
    public Task<IReadOnlyList<SentDirective>> RunNamedAsync(IReadOnlyList<string> ids, CancellationToken cancellation) =>
        FollowAsync(() => SendAsync(ids, LookAsync, cancellation), cancellation);

    /// <summary><c>"matched", "results"</c>, as the server answers a steer by selector.</summary>
    public static void WriteResults(Utf8JsonWriter json, IReadOnlyCollection<SentDirective> sent)
    {
        json.WriteNumber("matched"u8, sent.Count);
        json.WriteStartArray("results"u8);
        foreach (var one in sent)
        {
            one.WriteTo(json);
        }

        json.WriteEndArray();
    }

    private async Task<IReadOnlyList<SentDirective>> FollowAsync(
        Func<Task<IReadOnlyList<SentDirective>>> sendAsync, CancellationToken cancellation)
    {
        if (request.Wait is not { } wanted)
        {
            return await sendAsync();
        }

        IReadOnlyList<SentDirective> sent = [];
        await LogFollower.FollowAsync(
            context, async () => new DirectiveTracker(sent = await sendAsync(), wanted), TimeSpan.FromSeconds(seconds), cancellation);
        return sent;
    }

    private async Task<IReadOnlyList<SentDirective>> SendAsync(AgentSelector selector, int expect, CancellationToken cancellation)
    {
        var answer = await context.Client.SendAsync(MeshCall.Steer(_bare with { Selector = selector, Expect = expect }), cancellation);
        return answer.TryGetProperty("results", out var results)
            ? [.. results.EnumerateArray().Select(result => new SentDirective(result))]
            : [];
    }

    /// <param name="whyAsync">What to say of those that were not reached.</param>
    private async Task<IReadOnlyList<SentDirective>> SendAsync(
        IReadOnlyList<string> ids,
        Func<IEnumerable<string>, CancellationToken, Task<IEnumerable<SentDirective>>> whyAsync,
        CancellationToken cancellation)
    {
        var (sent, done) = (new List<SentDirective>(ids.Count), 0);
        using var progress = context.ShowProgress(() => $"{ProgressLine.Bar(Volatile.Read(ref done), ids.Count)} told");
        foreach (var page in Pages(ids))
        {
            var reached = await SendPageAsync(page, cancellation);
            sent.AddRange(reached);
            sent.AddRange(await whyAsync(page.Except(reached.Select(one => one.AgentId)), cancellation));
            Volatile.Write(ref done, done + page.Count);
        }

        return sent;
    }

    private async Task<IReadOnlyList<SentDirective>> SendPageAsync(IReadOnlyList<string> page, CancellationToken cancellation)
    {
        var present = page;
        for (var attempt = 1; present.Count > 0; attempt++)
        {
            try
            {
                return await SendAsync(new AgentSelector { AgentIds = present }, present.Count, cancellation);
            }
            catch (MeshException e) when (e.Code is ErrorCodes.ExpectationFailed or ErrorCodes.NothingMatched && attempt < Attempts)
            {
                present = await MatchAsync(new AgentSelector { AgentIds = present }, cancellation);
            }
        }

        return [];
    }

    private static Task<IEnumerable<SentDirective>> Gone(IEnumerable<string> ids, CancellationToken cancellation) =>
        Task.FromResult(ids.Select(id => new SentDirective(id, ErrorCodes.NotAlive)));

    private async Task<IEnumerable<SentDirective>> LookAsync(IEnumerable<string> ids, CancellationToken cancellation) =>
        (await LeftOut.LookAsync(context, ids, cancellation)).Select(left => new SentDirective(left.AgentId, left.Code));

    private async Task<IEnumerable<SentDirective>> LeftOutAsync(
        AgentSelector selector, IReadOnlyList<SentDirective> sent, CancellationToken cancellation) =>
        (await SelectorOptions.LeftOutAsync(context, selector, sent.Select(one => one.AgentId), cancellation))
            .Select(left => new SentDirective(left.AgentId, left.Code));

    private static IEnumerable<IReadOnlyList<string>> Pages(IReadOnlyList<string> ids)
    {
        var (page, length) = (new List<string>(), 0);
        foreach (var id in ids)
        {
            if (page.Count == Limits.SelectorIds || length + id.Length + 3 > IdsLength)
            {
                yield return page;
                (page, length) = ([], 0);
            }

            page.Add(id);
            length += id.Length + 3;
        }

        if (page.Count > 0)
        {
            yield return page;
        }
    }
}
