using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;

namespace SessionMesh.Cli.Targets;

/// <summary>
/// The same call for each of several that are named. One that is refused does not stop the others; a server that cannot be reached does.
/// </summary>
/// <param name="noun">What they are: <c>agent</c>.</param>
/// <param name="member">The member that has the id of one.</param>
/// <param name="done">What was done to them: <c>forgotten</c>.</param>
internal sealed class EachNamed(CommandContext context, string noun, string member, string done)
{
    private const string Results = "results";

    /// <summary>Refusals that are named one by one; the answer has them all.</summary>
    private const int MostNamed = 20;

    /// <summary>Calls that are under way at a time; with 1 they are in the order of the ids.</summary>
    public int AtOnce { get; init; } = 1;

    /// <summary>
    /// Prints <c>{"results":[…]}</c> in the order of the ids, a refusal as the id and <c>code</c>, and says on stderr what was refused.
    /// </summary>
    /// <param name="view">How a table shows them; its rows are <c>results</c>.</param>
    public async Task<int> RunAsync(
        IReadOnlyList<string> ids, View view, Func<string, MeshCall> callOf, CancellationToken cancellation)
    {
        var results = new JsonElement[ids.Count];
        var refusals = new string?[ids.Count];
        var count = 0;
        using (context.ShowProgress(() => $"{ProgressLine.Bar(Volatile.Read(ref count), ids.Count)} {done}"))
        {
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
            await Parallel.ForAsync(0, ids.Count, parallel, async (i, token) =>
            {
                (results[i], refusals[i]) = await CallAsync(ids[i], callOf(ids[i]), token);
                Interlocked.Increment(ref count);
            });
        }

        context.Output.Write(Json.Build(json =>
        {
            json.WriteStartArray(Results);
            foreach (var result in results)
            {
                result.WriteTo(json);
            }

            json.WriteEndArray();
        }), view with { RowsMember = Results });
        return Report(ids.Count, [.. refusals.OfType<string>()]);
    }

    private int Report(int count, List<string> refusals)
    {
        foreach (var refusal in refusals.Take(MostNamed))
        {
            context.Note(refusal);
        }

        if (refusals.Count == 0)
        {
            return ExitCodes.Done;
        }

        context.Note(
            (refusals.Count > MostNamed ? $"and {refusals.Count - MostNamed} more, which -o json names; " : "")
            + $"{count - refusals.Count} of {count} {noun}s {done}");
        return ExitCodes.Partly;
    }

    private async Task<(JsonElement Result, string? Refusal)> CallAsync(string id, MeshCall call, CancellationToken cancellation)
    {
        try
        {
            return (await context.Client.SendAsync(call, cancellation), null);
        }
        catch (MeshException e) when (e.Problem is { Status: 404 or 409 or 403 } problem)
        {
            var result = Json.Build(json =>
            {
                json.WriteString(member, id);
                json.WriteString("code"u8, problem.Code);
            });
            return (result, $"{noun} {id}: {ProblemText.Of(e)}");
        }
    }
}
