using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
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
        Table =
        [
            Column.Of("id"),
            Column.Of("filter"),
            Column.Of("status"),
            Column.Of("matches"),
            Column.Of("declared"),
            Column.Of("error"),
        ],
    };

    private readonly Argument<string> _path = new("path")
    {
        Description = "A file, or - for stdin, in YAML or JSON: sessions: [{id: 123, filter: alive}], cluster: NAME",
    };

    public LoadConfigCommand(CliHost host) : base(host, "load-config", "Declare the sessions of a config file and report on each.")
    {
        Add(_path);
        Prints(s_view);
        Examples = ["session-mesh load-config path/to/config.yaml", "session-mesh load-config fleet.json -o json"];
        ExitNotes = ["0  every session is known now, whether it matches its filter or not", "7  some could not be declared or looked up"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "load the config";
        var path = context.Get(_path)!;
        var config = FleetConfig.Read(path, context.Host);
        var cluster = config.Cluster ?? context.Settings.Cluster;
        var loaded = new List<LoadedSession>();
        using (context.ShowProgress(() => $"{ProgressLine.Bar(loaded.Count, config.Sessions.Count)} loaded"))
        {
            foreach (var session in config.Sessions)
            {
                loaded.Add(await LoadAsync(context, session, cluster, cancellation));
            }
        }

        if (loaded.Count > 0 || !context.Output.IsTable)
        {
            context.Output.Write(Report(loaded, cluster, context.Host.Time.GetUtcNow()), s_view);
        }

        if (loaded.Count == 0)
        {
            context.Note(config.Cluster is { } named
                ? $"the file declares nothing; 'session-mesh context add NAME --cluster {named} --select' makes its cluster the default"
                : "the file declares nothing: there is nothing to do");
        }

        var failed = loaded.Count(session => session.Error is not null);
        if (failed > 0)
        {
            context.Note($"{failed} of {loaded.Count} sessions could not be loaded");
        }

        return failed > 0 ? ExitCodes.Partly : ExitCodes.Done;
    }

    private static async Task<LoadedSession> LoadAsync(
        CommandContext context, ExpectedSession session, string? cluster, CancellationToken cancellation)
    {
        try
        {
            return new LoadedSession(session, await context.Client.AgentAsync(session.Id, cancellation), Declared: false);
        }
        catch (MeshException e) when (e.Code is ErrorCodes.AgentNotFound or ErrorCodes.NotFound)
        {
            return await FindPlainAsync(context, session, cancellation) ?? await DeclareAsync(context, session, cluster, cancellation);
        }
        catch (MeshException e) when (IsOfOneOnly(e))
        {
            return new LoadedSession(session, null, Declared: false, ProblemText.Of(e));
        }
    }

    /// <summary>
    /// The plain session of that id, or null: then the id is an agent's to have. A key that may not see sessions sees none.
    /// </summary>
    private static async Task<LoadedSession?> FindPlainAsync(
        CommandContext context, ExpectedSession session, CancellationToken cancellation)
    {
        try
        {
            return new LoadedSession(session, null, Declared: false)
            {
                Plain = await context.Client.SessionAsync(session.Id, cancellation),
            };
        }
        catch (MeshException e) when (e.Status is 403 or 404)
        {
            return null;
        }
    }

    private static async Task<LoadedSession> DeclareAsync(
        CommandContext context, ExpectedSession session, string? cluster, CancellationToken cancellation)
    {
        try
        {
            var request = new RegisterAgentRequest
            {
                AgentId = session.Id,
                Cluster = cluster,
                Declare = true,
                Specializations = session.Specializations is { Count: > 0 } skills ? skills : null,
            };
            return new LoadedSession(session, await context.Client.RegisterAsync(request, cancellation), Declared: true);
        }
        catch (MeshException e) when (IsOfOneOnly(e))
        {
            return new LoadedSession(session, null, Declared: false, ProblemText.Of(e));
        }
    }

    /// <summary>A wrong key or an absent server concerns them all, and ends the command.</summary>
    private static bool IsOfOneOnly(MeshException error) => error.Failure is MeshFailure.Refused && error.Status is not 401;

    private static JsonElement Report(List<LoadedSession> loaded, string? cluster, DateTimeOffset now) => Json.Build(json =>
    {
        json.WriteStartArray("sessions"u8);
        foreach (var session in loaded)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, session.Expected.Id);
            json.WriteString("filter"u8, session.Expected.Filter);
            json.WriteString("status"u8, session.Row?.Status ?? session.Plain?.Status);
            json.WriteBoolean("matches"u8, session.Matches(now));
            json.WriteBoolean("declared"u8, session.Declared);
            json.WriteString("error"u8, session.Error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("cluster"u8, cluster);
        json.WriteNumber("count"u8, loaded.Count);
        json.WriteNumber("matching"u8, loaded.Count(session => session.Matches(now)));
    });

    /// <summary>What became of one session of the file.</summary>
    private sealed record LoadedSession(ExpectedSession Expected, AgentRow? Row, bool Declared, string? Error = null)
    {
        /// <summary>The session, where the id is not an agent's: <c>active</c> is alive, and the other words are about agents.</summary>
        public SessionRow? Plain { get; init; }

        public bool Matches(DateTimeOffset now) => Plain is not null ? PlainMatches : Row is not null && Expected.Filter switch
        {
            AliveFilter.All => true,
            AliveFilter.Active => Row.Status is AgentStatus.Alive,
            AliveFilter.Stalled => IsStalled(Row, now),
            var status => Row.Status == status,
        };

        private bool PlainMatches => Expected.Filter switch
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
