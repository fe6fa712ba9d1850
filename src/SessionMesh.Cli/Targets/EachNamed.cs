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

    /// <summary>Prints <c>{"results":[…]}</c>, a refusal as the id and <c>code</c>, and says on stderr what was refused.</summary>
    /// <param name="view">How a table shows them; its rows are <c>results</c>.</param>
    public async Task<int> RunAsync(
        IReadOnlyList<string> ids, View view, Func<string, MeshCall> callOf, CancellationToken cancellation)
    {
        var results = new List<JsonElement>();
        var refused = 0;
        foreach (var id in ids)
        {
            try
            {
                results.Add(await context.Client.SendAsync(callOf(id), cancellation));
            }
            catch (MeshException e) when (e.Problem is { Status: 404 or 409 or 403 } problem)
            {
                refused++;
                results.Add(Json.Build(json =>
                {
                    json.WriteString(member, id);
                    json.WriteString("code"u8, problem.Code);
                }));
                context.Note($"{noun} {id}: {ProblemText.Of(e)}");
            }
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
        if (refused > 0)
        {
            context.Note($"{ids.Count - refused} of {ids.Count} {noun}s {done}");
        }

        return refused > 0 ? ExitCodes.Partly : ExitCodes.Done;
    }
}
