using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Config;
using SessionMesh.Cli.Config.Rules;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Balance;

/// <summary><c>balance</c>: keeps a fleet in balance by the rules of a file.</summary>
internal sealed class BalanceCommand : MeshCommand
{
    private const int DefaultEvery = 30;
    private const int LongestEvery = 3600;

    /// <summary>Seconds: of a lease, whatever the interval.</summary>
    private const int ShortestLease = 15;

    private readonly Option<string?> _rules = new("--rules")
    {
        Description = "A file with 'rules', or - for stdin, in YAML or JSON",
        HelpName = "FILE",
    };

    private readonly Option<int?> _every = Opt.Duration(
        "--every", $"Between two looks at the fleet, {DefaultEvery}s by default", 1, LongestEvery);

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only say what it would do" };

    private readonly Option<string?> _name = new("--name")
    {
        Description = "Of several balancers with this name one acts, as agent balance.NAME; the file's name by default",
        HelpName = "NAME",
    };

    public BalanceCommand(CliHost host) : base(host, "balance", "Steer and kill by the rules of a file, until interrupted.")
    {
        _rules.Required = true;
        foreach (var option in new Option[] { _rules, _every, _dryRun, _name })
        {
            Add(option);
        }

        Prints(ActLines.View, ActLines.Others);
        Examples =
        [
            "session-mesh balance --rules rules.yaml",
            "session-mesh balance --rules rules.yaml --every 10s --dry-run",
            "session-mesh balance --rules rules.yaml -o json >> acts.jsonl",
        ];
        ExitNotes =
        [
            "0  interrupted, or its agent was killed",
            "2  the file has no rules, or one of them is refused",
            "4  the key may not do what a rule does",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var path = context.Get(_rules)!;
        context.Doing = "balance the fleet";
        var config = FleetConfig.Read(path, context.Host);
        if (config.Rules.Count == 0)
        {
            throw CommandException.Usage(
                $"{config.File} has no 'rules'", "rules: [{name, select, when, do, at_most}]; see docs/balancing.md");
        }

        var every = context.Get(_every) ?? DefaultEvery;
        var name = NameOf(context, path);
        Lease? lease = null;
        if (!context.Get(_dryRun))
        {
            lease = new Lease(
                context.Client, name, context.Settings.Cluster, Math.Max(ShortestLease, 3 * every),
                $"balances by {config.Rules.Count} {(config.Rules.Count == 1 ? "rule" : "rules")}", context.Host.Time);
        }

        await CheckKeyAsync(context, config.Rules, lease is null, cancellation);
        await new Balancer(context, config.Rules, lease, TimeSpan.FromSeconds(every)).RunAsync(cancellation);
        return ExitCodes.Done;
    }

    /// <summary>What identifies the rules: two files of the same name are taken for two copies of one.</summary>
    private string NameOf(CommandContext context, string path)
    {
        var name = context.Get(_name) ?? (path, context.Get(_dryRun)) switch
        {
            ("-", true) => "stdin",
            ("-", false) => throw CommandException.Usage("rules from stdin have no file's name", "--name NAME"),
            _ => string.Concat(Path.GetFileNameWithoutExtension(path).Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' ? c : '-')),
        };
        return name.Length > 0 && MeshId.IsValid(Lease.Prefix + name)
            ? name
            : throw CommandException.Usage($"'{Lease.Prefix}{name}' is not an id; {MeshId.Rule}", "--name NAME");
    }

    /// <summary>A key that lacks a right is told now, not at the first act.</summary>
    private static async Task CheckKeyAsync(
        CommandContext context, IReadOnlyList<Rule> rules, bool isDry, CancellationToken cancellation)
    {
        var scopes = (await context.Client.OwnKeyAsync(cancellation)).Scopes;
        var steers = rules.FirstOrDefault(rule => rule.Act.Verb is not RuleAct.Kill);
        var kills = rules.FirstOrDefault(rule => rule.Act.Verb is RuleAct.Kill);
        List<(string Scope, string Why)> needed = [(Scopes.MeshRead, "to look at the fleet")];
        if (!isDry)
        {
            needed.Add((Scopes.RegistryWrite, "to be an agent itself"));
            needed.AddRange(steers is null ? [] : [(Scopes.Steer, $"for rule '{steers.Name}'")]);
            needed.AddRange(kills is null ? [] : [(Scopes.Kill, $"for rule '{kills.Name}'")]);
        }

        var missing = scopes.Contains(Scopes.Admin) ? [] : needed.FindAll(need => !scopes.Contains(need.Scope));
        if (missing.Count > 0)
        {
            throw new CommandException(
                ExitCodes.NotAllowed,
                $"this key lacks {string.Join(", ", missing.Select(need => $"{need.Scope} ({need.Why})"))}",
                "session-mesh keys create --scope " + string.Join(',', needed.Select(need => need.Scope).Append(Scopes.AuditRead)));
        }
    }
}
