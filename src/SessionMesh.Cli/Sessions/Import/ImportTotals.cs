using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Sessions.Import;

/// <summary>What became of the lines of a file, added up over the calls that it took. Line numbers count from its beginning.</summary>
internal sealed class ImportTotals(bool dryRun)
{
    /// <summary>The <see cref="SkippedLine.Code"/> of a record of another tool: left out, and no failure.</summary>
    public const string OtherKind = "other_kind";
    public const string TooLong = "too_long";

    private readonly List<SkippedLine> _skipped = [];
    private readonly List<LineRemark> _remarks = [];
    private int _lines;

    /// <summary>Lines that were not empty. May be asked from another thread.</summary>
    public int Lines => Volatile.Read(ref _lines);

    public int Imported { get; private set; }

    public int Existing { get; private set; }

    public int OtherKinds { get; private set; }

    /// <summary>Lines that should have been taken and could not be.</summary>
    public int Failed { get; private set; }

    /// <summary>The first <see cref="Limits.ImportSkipsListed"/>.</summary>
    public IReadOnlyList<SkippedLine> Skipped => _skipped;

    /// <summary>The first <see cref="Limits.ImportSkipsListed"/> remarks on lines that were taken.</summary>
    public IReadOnlyList<LineRemark> Remarks => _remarks;

    public int RemarkCount { get; private set; }

    /// <summary>Whether the file begins as a JSON array does, which no record does.</summary>
    public bool IsArray { get; set; }

    /// <summary>What to do where nothing of the file is a record; null where something is, or nothing is known.</summary>
    public string? Hint => IsArray && Failed == Lines
        ? "the file is one JSON array, as 'session export' writes unless told otherwise; 'session export --format jsonl' writes what "
            + "import takes"
        : null;

    /// <param name="before">Lines of the file before those that the answer is about.</param>
    public void Add(ImportAnswer answer, int before)
    {
        RemarkCount += answer.RemarkCount;
        _remarks.AddRange((answer.Remarks ?? []).Take(Limits.ImportSkipsListed - _remarks.Count)
            .Select(r => r with { Line = r.Line + before }));
        Interlocked.Add(ref _lines, answer.Lines);
        Imported += answer.Imported;
        Existing += answer.Existing;
    }

    /// <summary>Ids that an answer counted as new, and that an earlier one had counted before.</summary>
    public void CountAgain(int count)
    {
        Imported -= count;
        Existing += count;
    }

    public void Skip(SkippedLine line)
    {
        if (line.Code == OtherKind)
        {
            OtherKinds++;
        }
        else
        {
            Failed++;
        }

        if (_skipped.Count < Limits.ImportSkipsListed)
        {
            _skipped.Add(line);
        }
    }

    /// <summary>A line longer than any block, which no call carried.</summary>
    public void SkipTooLong(int line)
    {
        Interlocked.Increment(ref _lines);
        Skip(new SkippedLine { Line = line, Code = TooLong, Reason = $"longer than {Limits.ImportLineBytes / (1024 * 1024)} MiB" });
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteBoolean("ok"u8, Failed == 0);
        if (Failed > 0)
        {
            json.WriteString("error"u8, $"{Failed} of {Lines} lines could not be taken{(Hint is { } hint ? $": {hint}" : "")}");
        }

        json.WriteBoolean("dry_run"u8, dryRun);
        json.WriteNumber("lines"u8, Lines);
        json.WriteNumber("imported"u8, Imported);
        json.WriteNumber("existing"u8, Existing);
        json.WriteNumber("skipped_count"u8, OtherKinds + Failed);
        json.WriteNumber("other_kind"u8, OtherKinds);
        json.WriteNumber("failed"u8, Failed);
        json.WriteStartArray("skipped"u8);
        foreach (var line in _skipped)
        {
            json.WriteStartObject();
            json.WriteNumber("line"u8, line.Line);
            json.WriteString("code"u8, line.Code);
            json.WriteString("reason"u8, line.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (RemarkCount == 0)
        {
            return;
        }

        json.WriteNumber("remark_count"u8, RemarkCount);
        json.WriteStartArray("remarks"u8);
        foreach (var remark in _remarks)
        {
            json.WriteStartObject();
            json.WriteNumber("line"u8, remark.Line);
            json.WriteString("code"u8, remark.Code);
            json.WriteString("detail"u8, remark.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
