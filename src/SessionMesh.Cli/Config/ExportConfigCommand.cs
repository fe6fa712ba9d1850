using System.CommandLine;
using System.Globalization;
using System.Text;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Config;

/// <summary><c>config export</c>: the agents that are known and the links between them, as files that load to the same.</summary>
internal sealed class ExportConfigCommand : MeshCommand
{
    private readonly Option<string?> _format = Opt.Choice(
        "--output", "The format; yaml by default, json for a file of that name", ["yaml", "json"], "-o");


    private readonly Option<string?> _file = new("--file")
    {
        Description = "Write this file; several (fleet-1.yaml, fleet-2.yaml, …) where one would be too large to load (default: stdout)",
        HelpName = "FILE",
    };

    private readonly Option<bool> _force = new("--force") { Description = "Replace files that are there" };
    private readonly Option<bool> _dead = new("--dead") { Description = "With the dead" };
    private readonly Option<string?> _cluster = new("--cluster") { Description = "Only this cluster", HelpName = "NAME" };
    private readonly Option<string?> _subtree = Opt.Id("--subtree", "Only this agent and all below it");

    private readonly Option<string[]> _labels = new("--label", "-l")
    {
        Description = "Only those whose labels match: env=prod, tier!=free; may be repeated, and then all must hold",
        HelpName = "KEY=VALUE",
    };

    public ExportConfigCommand(CliHost host)
        : base(host, "export", "Write the agents that are known, with their links, as a file that loads to the same.", output: false)
    {
        foreach (var option in new Option[] { _format, _file, _force, _dead, _cluster, _subtree, _labels })
        {
            Add(option);
        }

        Examples =
        [
            "session-mesh config export --file fleet.yaml",
            "session-mesh config export --cluster eu --file eu.json -o json",
            "session-mesh config export -l env=prod --subtree lead",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "export the fleet";
        var target = context.Get(_file);
        var isJson = context.Get(_format) is { } format
            ? format is "json"
            : target?.EndsWith(".json", StringComparison.OrdinalIgnoreCase) == true;
        var part = new FleetFile(isJson);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var (files, read, links) = (0, 0, 0);

        // What is full is written, and what did not fit into it begins the next.
        void Add(Func<FleetFile, bool> tryAdd)
        {
            if (tryAdd(part))
            {
                return;
            }

            Write(context, target ?? throw TooLarge(), ++files, part);
            tryAdd(part = new FleetFile(isJson));
        }

        using (context.ShowProgress(() => $"{read} agents read"))
        {
            await foreach (var row in RowsAsync(context, cancellation))
            {
                read++;
                if (row.Status is not AgentStatus.Dead || context.Get(_dead))
                {
                    ids.Add(row.AgentId!);
                    Add(file => file.TryAdd(row));
                }
            }

            foreach (var link in await LinksAsync(context, ids, cancellation))
            {
                links++;
                Add(file => file.TryAdd(link));
            }
        }

        if (ids.Count == 0 && IsNarrowed(context))
        {
            const string Nobody = "no agent matches what --cluster, --subtree and --label say";
            if (target is not null)
            {
                throw new CommandException(ExitCodes.NotFound, Nobody + ", and no file was written", "session-mesh list --filter all");
            }

            context.Note(Nobody);
        }

        if (target is null)
        {
            context.Host.Out.Write(part.Text());
            return ExitCodes.Done;
        }

        var isOnly = files == 0;
        Write(context, target, isOnly ? 0 : ++files, part);
        var where = isOnly ? target : $"{files} files, {Numbered(target, 1)} to {Numbered(target, files)}";
        context.Note($"{Count(ids.Count, "agent")}{(links > 0 ? " and " + Count(links, "link") : "")} in {where}");
        return ExitCodes.Done;
    }

    private bool IsNarrowed(CommandContext context) =>
        context.Get(_cluster) is not null || context.Get(_subtree) is not null || context.Get(_labels) is { Length: > 0 };

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static CommandException TooLarge() => new(
        ExitCodes.Failed,
        $"the fleet is more than a file may have: {FleetConfig.MaxEntries} entries and {ConfigReader.MaxMegabytes} MiB",
        "--file FILE writes several; --cluster, --subtree and --label narrow it");

    /// <summary>
    /// Those between some agents, in the order of the agents' ids, so that the same fleet is the same file. A server that does not know
    /// links has none.
    /// </summary>
    private static async Task<IEnumerable<LinkRow>> LinksAsync(
        CommandContext context, HashSet<string> ids, CancellationToken cancellation)
    {
        var links = new List<LinkRow>();
        try
        {
            for (string? cursor = null; ;)
            {
                var page = await context.Client.LinksAsync(new LinkQuery { Limit = Limits.MaxPage, Cursor = cursor }, cancellation);
                links.AddRange(page.Links.Where(link => ids.Contains(link.From) && ids.Contains(link.To)));
                if ((cursor = page.NextCursor) is null)
                {
                    break;
                }
            }
        }
        catch (MeshException e) when (e.Code is ErrorCodes.NotFound)
        {
        }

        return links.OrderBy(link => link.From, StringComparer.Ordinal).ThenBy(link => link.To, StringComparer.Ordinal)
            .ThenBy(link => link.Kind, StringComparer.Ordinal);
    }

    /// <summary>In the order of their ids, so that the same fleet is the same file.</summary>
    private async IAsyncEnumerable<AgentRow> RowsAsync(
        CommandContext context, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var query = new AgentQuery
        {
            Sort = AliveSort.Id,
            Limit = Limits.MaxPage,
            Fields = ["agent_id", "status", "cluster", "parent_id", "user", "labels", "skills"],
            Cluster = context.Get(_cluster),
            Subtree = context.Get(_subtree),
            LabelTerms = context.Get(_labels) ?? [],
        };
        do
        {
            var page = await context.Client.AgentsAsync(query, cancellation);
            foreach (var row in page.Sessions)
            {
                yield return row;
            }

            query = query with { Cursor = page.NextCursor };
        }
        while (query.Cursor is not null);
    }

    /// <param name="number">Which of several files it is; 0 for the only one.</param>
    private void Write(CommandContext context, string target, int number, FleetFile part)
    {
        var path = number == 0 ? target : Numbered(target, number);
        if (Path.Exists(path) && !(context.Get(_force) && File.Exists(path)))
        {
            throw CommandException.Usage(
                $"{path} {(Directory.Exists(path) ? "is a directory" : "already exists")}",
                Directory.Exists(path) ? "name a file" : "--force replaces it");
        }

        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
        {
            throw CommandException.Usage($"there is no directory {Path.GetDirectoryName(path)}", "make it, or name another file");
        }

        PrivateFiles.Write(path, Encoding.UTF8.GetBytes(part.Text()), replace: context.Get(_force));
    }

    private static string Numbered(string path, int number) => Path.Combine(
        Path.GetDirectoryName(path) ?? "",
        string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(path)}-{number}{Path.GetExtension(path)}"));
}
