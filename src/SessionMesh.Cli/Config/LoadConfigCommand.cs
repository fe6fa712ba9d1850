using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Config;

/// <summary>
/// <c>load-config</c>: makes known what a config file names, and reports each session against what it should be. An id is an agent's,
/// else a plain session's, else it is declared as an agent.
/// </summary>
internal sealed class LoadConfigCommand : MeshCommand
{
    private static readonly View s_view = new()
    {
        RowsMember = "sessions",
        Names = ["id"],
        Table = [Column.Of("id"), Column.Of("filter"), Column.Of("status"), Column.Of("matches"), Column.Of("declared"), Column.Of("error")],
    };

    private readonly Argument<string> _path = new("path") { Description = "YAML or JSON: sessions: [{id: 123, filter: alive}], cluster: NAME" };

    public LoadConfigCommand(CliHost host) : base(host, "load-config", "Declare the sessions of a config file and report on each.")
    {
        Add(_path);
        Examples = ["session-mesh load-config path/to/config.yaml", "session-mesh load-config fleet.json -o json"];
        ExitNotes = ["0  every session is known now, whether it matches its filter or not", "7  some could not be declared or looked up"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "load the config";
        var path = context.Get(_path)!;
        var config = FleetConfig.Read(path);
        if (config.Cluster is not null) RememberCluster(context, config.Cluster);

        var cluster = config.Cluster ?? context.Settings.Cluster;
        var outcomes = new List<Outcome>();
        foreach (var session in config.Sessions)
            outcomes.Add(await LoadAsync(context, session, cluster, cancellation));

        if (outcomes.Count > 0 || !context.Output.IsTable) context.Output.Write(Report(outcomes, cluster, context.Host.Time.GetUtcNow()), s_view);
        var failed = outcomes.Count(outcome => outcome.Error is not null);
        if (failed > 0) context.Note($"{failed} of {outcomes.Count} sessions could not be loaded");
        return failed > 0 ? ExitCodes.Partly : ExitCodes.Done;
    }

    /// <summary>The cluster becomes the default of the selected context; without one, a context named default is made and selected.</summary>
    private static void RememberCluster(CommandContext context, string cluster)
    {
        var store = ContextStore.Of(context.Host);
        var contexts = store.Load();
        var current = contexts.Current ?? contexts.Find("default") ?? new MeshContext { Name = "default" };
        store.Save(contexts.With(current with { Cluster = cluster }) with { Selected = current.Name });
        if (context.Output.IsTable) context.Note($"cluster {cluster} is now the default of context {current.Name}");
    }

    private static async Task<Outcome> LoadAsync(CommandContext context, ExpectedSession session, string? cluster, CancellationToken cancellation)
    {
        try
        {
            return new Outcome(session, await context.Client.AgentAsync(session.Id, cancellation), Declared: false);
        }
        catch (MeshException e) when (e.Code is ErrorCodes.AgentNotFound or ErrorCodes.NotFound)
        {
            return await FindPlainAsync(context, session, cancellation) ?? await DeclareAsync(context, session, cluster, cancellation);
        }
        catch (MeshException e) when (IsOfOneOnly(e))
        {
            return new Outcome(session, null, Declared: false, Errors.Sentence(e));
        }
    }

    /// <summary>The plain session of that id, or null: then the id is an agent's to have. A key that may not see sessions sees none.</summary>
    private static async Task<Outcome?> FindPlainAsync(CommandContext context, ExpectedSession session, CancellationToken cancellation)
    {
        try
        {
            return new Outcome(session, null, Declared: false) { Plain = await context.Client.SessionAsync(session.Id, cancellation) };
        }
        catch (MeshException e) when (e.Status is 403 or 404)
        {
            return null;
        }
    }

    private static async Task<Outcome> DeclareAsync(CommandContext context, ExpectedSession session, string? cluster, CancellationToken cancellation)
    {
        try
        {
            var request = new RegisterAgentRequest { AgentId = session.Id, Cluster = cluster, Declare = true };
            return new Outcome(session, await context.Client.RegisterAsync(request, cancellation), Declared: true);
        }
        catch (MeshException e) when (IsOfOneOnly(e))
        {
            return new Outcome(session, null, Declared: false, Errors.Sentence(e));
        }
    }

    /// <summary>A wrong key or an absent server concerns them all, and ends the command.</summary>
    private static bool IsOfOneOnly(MeshException error) => error.Failure is MeshFailure.Refused && error.Status is not 401;

    private static JsonElement Report(List<Outcome> outcomes, string? cluster, DateTimeOffset now) => Json.Build(json =>
    {
        json.WriteStartArray("sessions"u8);
        foreach (var outcome in outcomes)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, outcome.Session.Id);
            json.WriteString("filter"u8, outcome.Session.Filter);
            json.WriteString("status"u8, outcome.Row?.Status ?? outcome.Plain?.Status);
            json.WriteBoolean("matches"u8, outcome.Matches(now));
            json.WriteBoolean("declared"u8, outcome.Declared);
            json.WriteString("error"u8, outcome.Error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("cluster"u8, cluster);
        json.WriteNumber("count"u8, outcomes.Count);
        json.WriteNumber("matching"u8, outcomes.Count(outcome => outcome.Matches(now)));
    });

    /// <summary>What became of one session of the file.</summary>
    private sealed record Outcome(ExpectedSession Session, AgentRow? Row, bool Declared, string? Error = null)
    {
        /// <summary>The session, where the id is not an agent's: <c>active</c> is alive, and the other words are about agents.</summary>
        public SessionRow? Plain { get; init; }

        public bool Matches(DateTimeOffset now) => Plain is not null ? PlainMatches : Row is not null && Session.Filter switch
        {
            AliveFilter.All => true,
            AliveFilter.Active => Row.Status is AgentStatus.Alive,
            AliveFilter.Stalled => IsStalled(Row, now),
            var status => Row.Status == status,
        };

        private bool PlainMatches => Session.Filter switch
        {
            AliveFilter.All => true,
            AliveFilter.Active or AgentStatus.Alive => Plain!.Status is SessionStatus.Active,
            _ => false,
        };

        private static bool IsStalled(AgentRow row, DateTimeOffset now) =>
            row is { Status: AgentStatus.Alive, Activity: AgentActivity.Working, ProgressInterval: > 0 and var interval }
            && (row.LastProgressAt ?? row.CreatedAt) is { } last
            && now - last > TimeSpan.FromSeconds(interval);
    }
}
