using System.CommandLine;
using System.CommandLine.Parsing;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Run.Handlers;
using SessionMesh.Cli.Settings;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Run;

/// <summary>The options of whatever keeps a process under the mesh: <c>run</c> and <c>attach</c>.</summary>
/// <param name="end">What the command calls the end that it reports.</param>
internal sealed class SupervisorOptions(string end)
{
    public Option<string?> AgentId { get; } = Opt.Id("--agent-id", "Id of the agent (default: the server chooses one)");

    public Option<string?> Parent { get; } =
        Opt.Id("--parent", $"Agent above it (default: {MeshSettings.AgentVariable}, when run inside an agent)");

    public Option<string[]> Label { get; } = new("--label")
    {
        Description = "A label; may be repeated, or with commas",
        HelpName = "KEY=VALUE",
    };

    public Option<string?> Cluster { get; } = new("--cluster")
    {
        Description = "Cluster (default: the selected context's)",
        HelpName = "NAME",
    };

    public Option<int?> Ttl { get; } =
        Opt.Duration("--ttl", $"Lease, {Limits.DefaultAgentTtl}s by default", Limits.MinAgentTtl, Limits.MaxAgentTtl);

    public Option<int?> Grace { get; } =
        Opt.Duration("--grace", $"Between TERM and KILL, {Limits.DefaultGrace}s by default, where a stop does not say", 0, Limits.MaxGrace);

    public Option<string?> OnSteer { get; } = new("--on-steer")
    {
        Description = "Shell command to run for each steer; exit 0 acknowledges it",
        HelpName = "CMD",
    };

    public Option<string?> SteerFile { get; } = new("--steer-file")
    {
        Description = "Write each steer to this file; a .jsonl file is appended to",
        HelpName = "FILE",
    };

    public Option<int?> SteerTimeout { get; } = Opt.Duration("--steer-timeout", "Bound of a steer handler, 30s by default", 1, 3600);

    public Option<int?> ReportTimeout { get; } =
        Opt.Duration("--report-timeout", $"How long to report the {end} to a server that is away, 30s by default", 0, 86_400);

    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Say nothing while all is well" };

    /// <summary>Steers go one way.</summary>
    /// <param name="further">Ways that the command has beside these two.</param>
    public void CheckHandlers(CommandResult result, params ReadOnlySpan<Option> further)
    {
        Option[] ways = [OnSteer, SteerFile, .. further];
        if (ways.Count(way => result.GetResult(way) is { Implicit: false }) > 1)
        {
            var names = ways.Select(way => way.Name).ToList();
            result.AddError($"{string.Join(", ", names[..^1])} and {names[^1]} cannot be combined");
        }
    }

    /// <exception cref="CommandException">A file that was named cannot be written to.</exception>
    public static void CheckSteerFile(string? file)
    {
        if (file is not null && SteerFileHandler.Obstacle(file) is { } obstacle)
        {
            throw CommandException.Usage($"--steer-file {file}: {obstacle}", "a file in a directory that is there and can be written to");
        }
    }

    public Dictionary<string, string> LabelsOf(CommandContext context)
    {
        var labels = new Dictionary<string, string>();
        foreach (var (key, value) in LabelWords.Read(context.Get(Label) ?? []))
        {
            labels[key] = value;
        }

        return labels;
    }

    public static TimeSpan? Seconds(int? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;
}
