using System.CommandLine;
using SessionMesh.Cli.Agents;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Registry;

/// <summary>
/// <c>register</c>: makes an agent alive and says what it is good at. A known id with a specialization goes to the
/// registry, which renews; everything else starts a life of its own.
/// </summary>
internal sealed class RegisterCommand : MeshCommand
{
    private readonly AgentIdOption _agent;

    private readonly Option<SpecializationRequest[]> _specs = SpecOption.Of(
        "What the agent is good at, how many jobs it takes at once (1 by default), and how good it is (0 to 100, 50 by default); may be "
        + "repeated");

    private readonly Option<string?> _config = new("--config")
    {
        Description = "A file, or - for stdin, in YAML or JSON with spec or specializations, "
            + "agent_id, parent_id, cluster, user, labels, ttl",
        HelpName = "FILE",
    };

    private readonly Option<string?> _parent = Opt.Id("--parent", "The agent that this one belongs to");

    private readonly Option<string?> _cluster = new("--cluster")
    {
        Description = "Its cluster (default: the selected context's)",
        HelpName = "NAME",
    };

    private readonly Option<string[]> _labels = new("--label")
    {
        Description = "A label; may be repeated, or with commas",
        HelpName = "KEY=VALUE",
    };

    private readonly Option<string?> _user = new("--user") { Description = "Whose agent it is", HelpName = "NAME" };

    private readonly Option<int?> _ttl =
        Opt.Duration(
            "--ttl", "How long it is alive without being heard: 1m by default, and 1h with both an id and a specialization",
            Limits.MinAgentTtl, Limits.MaxAgentTtl);

    private readonly Option<bool> _takeover = new("--takeover") { Description = "Start a new life even while this agent is alive" };

    public RegisterCommand(CliHost host) : base(host, "register", "Register an agent and its specializations.")
    {
        _agent = new AgentIdOption(this, host, positional: false, ownByDefault: true);
        Add(_specs);
        Add(_config);
        Add(_parent);
        Add(_cluster);
        Add(_labels);
        Add(_user);
        Add(_ttl);
        Add(_takeover);
        Prints(AgentViews.Registration, json => json.AgentRegistration);
        Examples =
        [
            "session-mesh register --spec \"data-analysis\" --agent-id 789",
            "session-mesh register --spec image/ocr:capacity=4,level=80,version=2.1 --agent-id 789",
            "session-mesh register --config agent.yaml",
            "… | session-mesh register --config -",
            "session-mesh register --spec ocr --spec layout --parent 123 -o name",
        ];
        ExitNotes = ["5  the agent is alive already, or was ended and may not come back yet"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "register the agent";
        var config = context.Get(_config) is { } path ? AgentConfig.Read(path, context.Host) : AgentConfig.Empty;
        var id = context.Parse.GetResult("--agent-id") is { Tokens.Count: > 0 }
            ? _agent.Find(context)
            : config.AgentId ?? _agent.Find(context);
        if (id is not null)
        {
            context.Doing = $"register agent {id}";
        }

        var call = CallOf(context, config, id);
        context.Output.Write(await context.Client.SendAsync(call, cancellation), AgentViews.Registration);
        return ExitCodes.Done;
    }

    private MeshCall CallOf(CommandContext context, AgentConfig config, string? id)
    {
        IReadOnlyList<SpecializationRequest> specs = context.Get(_specs) is { Length: > 0 } given ? given : config.Specializations;
        var labels = LabelsOf(context) ?? config.Labels;
        var cluster = context.Get(_cluster) ?? config.Cluster ?? context.Settings.Cluster;
        var takeover = context.Get(_takeover);
        if (id is not null && specs.Count > 0 && !takeover)
        {
            return MeshCall.RegisterSpecialization(new RegisterSpecializationRequest
            {
                AgentId = id,
                Specialization = specs[0].Name,
                Version = specs[0].Version,
                Level = specs[0].Level,
                Capacity = specs[0].Capacity,
                Specializations = specs.Count > 1 ? [.. specs.Skip(1)] : null,
                ParentId = context.Get(_parent) ?? config.ParentId,
                Cluster = cluster,
                Labels = labels,
                User = context.Get(_user) ?? config.User,
                Ttl = context.Get(_ttl) ?? config.Ttl,
            });
        }

        return MeshCall.RegisterAgent(new RegisterAgentRequest
        {
            AgentId = id,
            Specializations = specs.Count > 0 ? specs : null,
            ParentId = context.Get(_parent) ?? config.ParentId,
            Cluster = cluster,
            Labels = labels,
            User = context.Get(_user) ?? config.User,
            Ttl = context.Get(_ttl) ?? config.Ttl,
            Takeover = takeover ? true : null,
        });
    }

    /// <summary>Of a label given twice the last counts.</summary>
    private Dictionary<string, string>? LabelsOf(CommandContext context)
    {
        if (context.Get(_labels) is not { Length: > 0 } texts)
        {
            return null;
        }

        var labels = new Dictionary<string, string>();
        foreach (var (key, value) in LabelWords.Read(texts))
        {
            labels[key] = value;
        }

        return labels;
    }
}
