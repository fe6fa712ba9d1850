using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;

namespace SessionMesh.Cli.Targets;

/// <summary>
/// What a dry run prints: whom it would be, in the same members whichever command it is of, and on stderr that nothing was done.
/// </summary>
internal static class DryRun
{
    /// <summary>The agents it would be.</summary>
    public static readonly View Matched = new() { RowsMember = "results", Names = ["agent_id"], Table = [Column.Of("agent", "agent_id")] };

    /// <summary>Of one agent: its row, with the members of every dry run.</summary>
    /// <param name="undone">What is true of it: "nothing was sent".</param>
    /// <param name="done">What would be done to it: "reached".</param>
    /// <param name="isDone">From the agent's row, whether it would.</param>
    /// <returns>The exit code: 5 where the call would be refused.</returns>
    public static async Task<int> ShowOneAsync(
        CommandContext context, string id, string undone, string done, Func<string, bool> isDone, CancellationToken cancellation) =>
        ShowOne(context, await context.Client.SendAsync(MeshCall.Agent(id), cancellation), undone, done, isDone);

    /// <inheritdoc cref="ShowOneAsync"/>
    /// <param name="agent">The agent's row.</param>
    /// <param name="more">What else is to be said of it.</param>
    public static int ShowOne(
        CommandContext context, JsonElement agent, string undone, string done, Func<string, bool> isDone, string more = "")
    {
        var id = Json.Text(agent, "agent_id") ?? "";
        var status = Json.Text(agent, "status") ?? "";
        var would = isDone(status);
        context.Output.Write(With(agent, would ? [id] : []), AgentDetailView.All);
        context.Note($"dry run: {undone}{(would ? more : $"; agent {id} is {status} and would not be {done}")}");
        return would ? ExitCodes.Done : ExitCodes.Conflict;
    }

    /// <summary>Of many.</summary>
    /// <param name="below">Who goes with them, if anybody: " and their descendants".</param>
    /// <param name="leftOut">Who was named and would not be reached; they are named on stderr.</param>
    /// <returns>The exit code: 7 where somebody would be left out.</returns>
    public static int Show(
        CommandContext context, IReadOnlyList<string> ids, string whom, string undone = "nothing was sent", string done = "reached",
        IReadOnlyList<LeftOut>? leftOut = null, string below = "")
    {
        if (ids.Count == 0)
        {
            throw SelectorOptions.NothingMatched(whom);
        }

        Write(context, ids, leftOut ?? []);
        context.Note($"dry run: {undone}; {SelectorOptions.Agents(ids.Count)}{below} would be {done}");
        return leftOut is { Count: > 0 } ? ExitCodes.Partly : ExitCodes.Done;
    }

    /// <summary>Prints them, and names on stderr who is left out.</summary>
    public static void Write(CommandContext context, IReadOnlyList<string> ids, IReadOnlyList<LeftOut> leftOut)
    {
        context.Output.Write(Json.Build(json => WriteMembers(json, ids, leftOut)), Matched);
        LeftOut.Say(context, leftOut);
    }

    /// <summary>Rows of agents, <c>sessions</c>, with the members of every dry run beside them.</summary>
    public static JsonElement With(IReadOnlyCollection<JsonElement> rows)
    {
        var document = Json.Build(json =>
        {
            json.WriteStartArray("sessions"u8);
            foreach (var row in rows)
            {
                row.WriteTo(json);
            }

            json.WriteEndArray();
        });
        return With(document, [.. rows.Select(row => Json.Text(row, "agent_id")).OfType<string>()]);
    }

    /// <summary>A document with the members of every dry run beside its own.</summary>
    private static JsonElement With(JsonElement document, IReadOnlyList<string> ids) => Json.Build(json =>
    {
        foreach (var member in document.EnumerateObject())
        {
            member.WriteTo(json);
        }

        WriteMembers(json, ids, []);
    });

    private static void WriteMembers(Utf8JsonWriter json, IReadOnlyList<string> ids, IReadOnlyList<LeftOut> leftOut)
    {
        json.WriteBoolean("dry_run"u8, value: true);
        json.WriteNumber("matched"u8, ids.Count);
        json.WriteStartArray("results"u8);
        foreach (var id in ids)
        {
            json.WriteStartObject();
            json.WriteString("agent_id"u8, id);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (leftOut.Count == 0)
        {
            return;
        }

        json.WriteStartArray("left_out"u8);
        foreach (var one in leftOut)
        {
            one.WriteTo(json);
        }

        json.WriteEndArray();
    }
}
