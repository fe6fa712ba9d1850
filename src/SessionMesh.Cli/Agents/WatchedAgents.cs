using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Cli.Watch;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Agents;

/// <summary>
/// The agents that <c>show --watch</c> names: one in full, several as a table. One that is forgotten meanwhile is gone; one that was never
/// there is an error.
/// </summary>
/// <param name="events">How many of the newest entries of the log come with each; null for none.</param>
internal sealed class WatchedAgents(CommandContext context, IReadOnlyList<string> ids, int? events) : IWatched
{
    private bool _isKnown;

    public EventQuery Events { get; } = new() { Subjects = ids };

    public View View => ids.Count == 1 ? AgentDetailView.All : AgentViews.List;

    public IReadOnlyList<string> Restless => AgentViews.Restless;

    public async Task<IReadOnlyList<JsonElement>> ReadAsync(CancellationToken cancellation)
    {
        var rows = new List<JsonElement>();
        foreach (var id in ids)
        {
            try
            {
                rows.Add(await context.Client.SendAsync(MeshCall.Agent(id, events), cancellation));
            }
            catch (MeshException e) when (e.Code is ErrorCodes.AgentNotFound && _isKnown)
            {
                // Forgotten.
            }
        }

        _isKnown = true;
        return rows;
    }

    public IEnumerable<string> Draw(IReadOnlyList<JsonElement> rows, int? width)
    {
        if (ids.Count > 1 || rows.Count == 0)
        {
            return context.Output.TableLines(rows, AgentViews.List, width);
        }

        var agent = context.Output.VerticalLines(rows[0], AgentDetailView.All);
        return ShowCommand.EventsOf(rows[0]) is { Count: > 0 } happened && context.Output.Fields is null
            ? [.. agent, "", .. context.Output.TableLines(happened, EventViews.Recent, width)]
            : agent;
    }
}
