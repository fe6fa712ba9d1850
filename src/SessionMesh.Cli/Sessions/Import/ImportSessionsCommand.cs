using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Sessions.Import;

/// <summary><c>session import</c>: records that another store left behind, with their ids, times and states.</summary>
internal sealed class ImportSessionsCommand : SessionToolCommand
{
    /// <summary>Lines named to a person; a program gets all that are listed.</summary>
    private const int Named = 20;

    private static readonly View s_view = View.Single("imported", ["dry_run", "lines", "imported", "existing", "other_kind", "failed"]);

    private readonly Argument<string> _file = new("file")
    {
        Description = "A record a line, as 'session export --format jsonl' writes and ~/.session/data.jsonl holds; - for standard input",
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only say what would be imported" };

    public ImportSessionsCommand(CliHost host) : base(host, "import", "Import sessions from a file of records, one a line.")
    {
        Add(_file);
        Add(_dryRun);
        Prints(s_view, "ok", "error", "skipped_count", "skipped", "remark_count", "remarks");
        Examples =
        [
            "session-mesh session import ~/.session/data.jsonl --dry-run",
            "session-mesh session import ~/.session/data.jsonl",
            "zcat sessions.jsonl.gz | session-mesh session import -",
        ];
        ExitNotes =
        [
            "0  every line was taken, already exists, or is another tool's",
            "1  some lines were skipped as broken; the others are imported",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var file = context.Get(_file)!;
        context.Doing = $"import {file}";
        await using var input = Open(context.Host, file);
        var totals = new ImportTotals(context.Get(_dryRun));
        await SendAsync(context, input, totals, cancellation);

        context.Output.Write(Json.Build(totals.Write), s_view);
        if (context.Output.IsTable)
        {
            Explain(context, totals);
        }

        return totals.Failed == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static Stream Open(CliHost host, string file)
    {
        if (file is "-")
        {
            return host.OpenIn();
        }

        try
        {
            return Directory.Exists(file) ? throw CommandException.Usage($"{file} is a directory", "name a file") : File.OpenRead(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw CommandException.Usage($"there is no file {file}");
        }
        catch (UnauthorizedAccessException)
        {
            throw CommandException.Usage($"{file} may not be read by this account");
        }
    }

    private async Task SendAsync(CommandContext context, Stream input, ImportTotals totals, CancellationToken cancellation)
    {
        var blocks = new LineBlocks(input);
        var began = context.Host.Time.GetTimestamp();
        long? length = input.CanSeek ? input.Length : null;
        using var progress = context.ShowProgress(
            () => ImportProgress.Text(blocks.BytesRead, length, context.Host.Time.GetElapsedTime(began), totals.Lines));
        var done = 0;
        long? since = null;
        RepeatedIds? repeated = null;
        try
        {
            while (await blocks.NextAsync(cancellation) is { } block)
            {
                if (done == 0)
                {
                    totals.IsArray = block.Bytes.Span.TrimStart(" \t\r\n"u8) is [(byte)'[', ..];
                    repeated = !blocks.AtEnd && context.Get(_dryRun) ? new RepeatedIds() : null;
                }

                if (done == 0 && !blocks.AtEnd && !context.Get(_dryRun))
                {
                    since = (await context.Client.ImportSessionsAsync(default, dryRun: true, cancellation: cancellation)).Since;
                }

                done = block.LinesBefore;
                if (block.IsTooLong)
                {
                    totals.SkipTooLong(block.LinesBefore + 1);
                }
                else
                {
                    var skipped = await SendAsync(context.Client, block, context.Get(_dryRun), since, totals, cancellation);
                    if (repeated?.Take(block, skipped) is { IsEmpty: false } again)
                    {
                        var answer = await context.Client.ImportSessionsAsync(again, dryRun: true, cancellation: cancellation);
                        totals.CountAgain(answer.Imported);
                    }
                }

                done += block.Lines;
            }
        }
        catch (Exception e) when (e is MeshException or OperationCanceledException && done > 0 && !context.Get(_dryRun))
        {
            context.Note($"lines 1 to {done} are done; import the file again when it can go on: what is there is left as it is");
            throw;
        }
    }

    /// <summary>The lines of the block, from 1 on, that were not taken.</summary>
    private static async Task<HashSet<int>> SendAsync(
        MeshClient client, LineBlock block, bool dryRun, long? since, ImportTotals totals, CancellationToken cancellation)
    {
        var answer = await client.ImportSessionsAsync(block.Bytes, dryRun, since, cancellation);
        totals.Add(answer, block.LinesBefore);
        var skipped = new HashSet<int>();
        if (answer.SkippedCount == answer.Skipped.Count)
        {
            foreach (var line in answer.Skipped)
            {
                Skip(line.Line + block.LinesBefore, line);
            }

            return skipped;
        }

        // The answer does not say of every line why: asked again in pieces for which it does, and which change nothing.
        foreach (var piece in block.InPieces(Limits.ImportSkipsListed))
        {
            var part = await client.ImportSessionsAsync(piece.Bytes, dryRun: true, cancellation: cancellation);
            foreach (var line in part.Skipped)
            {
                Skip(line.Line + piece.LinesBefore, line);
            }
        }

        return skipped;

        void Skip(int ofFile, SkippedLine line)
        {
            skipped.Add(ofFile - block.LinesBefore);
            totals.Skip(line with { Line = ofFile });
        }
    }

    private static void Explain(CommandContext context, ImportTotals totals)
    {
        if (totals.Hint is { } hint)
        {
            context.Note(hint);
        }

        var wrong = totals.Skipped.Where(line => line.Code is not ImportTotals.OtherKind).Take(Named).ToList();
        foreach (var line in wrong)
        {
            context.Note($"line {line.Line}: {line.Reason} ({line.Code})");
        }

        if (totals.Failed > wrong.Count)
        {
            context.Note($"and {totals.Failed - wrong.Count} more; --output json lists the first {Limits.ImportSkipsListed} skipped lines");
        }

        foreach (var remark in totals.Remarks.Take(Named))
        {
            context.Note($"line {remark.Line}: {remark.Detail} ({remark.Code})");
        }

        if (totals.RemarkCount > Named)
        {
            context.Note($"and {totals.RemarkCount - Named} more remarks; --output json lists the first {Limits.ImportSkipsListed}");
        }

        if (totals.OtherKinds > 0)
        {
            context.Note(totals.OtherKinds == 1
                ? "1 line is another tool's, and was left out"
                : $"{totals.OtherKinds} lines are another tool's, and were left out");
        }
    }
}
