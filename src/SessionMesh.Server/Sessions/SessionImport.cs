using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Sessions;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Sessions;

/// <summary>
/// <c>POST /sessions/import</c>: any number of records, one per line, committed in chunks of <see cref="Limits.ImportChunk"/>. A bad line
/// is counted and reported, and the import goes on. Of two lines with one id the last counts. A session that was there before is never
/// overwritten: sending the same file again is harmless, and
/// is the way to finish an import that was cut off.
/// </summary>
public sealed class SessionImport(MeshEngine engine, ProblemWriter problems)
{
    public async Task Post(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "dry_run", "since");
        var since = query.Number("since", ref check, 0, long.MaxValue);
        var run = new Run(engine, http, query.Flag("dry_run", ref check), since);
        if ((check.Error ?? IdempotencyHeader.Check(http) ?? CheckReach(http.GetKey())) is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null; // each line is limited, the whole is not
        }

        http.RunOnce();
        if (await run.ReadAsync(http.Request.BodyReader) is { } failed)
        {
            await problems.WriteAsync(http, failed with
            {
                Detail = $"{failed.Detail} {run.Imported} sessions were imported before; send the same again to go on.",
            });
            return;
        }

        await Answers.WriteAsync(http, run.ToAnswer(), MeshJson.Default.ImportAnswer);
    }

    private static MeshError? CheckReach(Key key) => key.Reach is null
        ? null
        : new(ErrorKind.Forbidden, ErrorCodes.OutsideReach,
            "This key is for some agents; plain sessions have none. Use a key without a limit.");

    /// <summary>
    /// One import in progress. Reads a chunk of records while the previous one is committed, and keeps nothing of those that are done.
    /// </summary>
    private sealed class Run(MeshEngine engine, HttpContext http, bool dryRun, long? since)
    {
        private readonly long _before = since ?? engine.State.Revision;
        /// <summary>Bytes of metadata after which a chunk is full too: limits the memory of a slow import.</summary>
        private const int ChunkBytes = 1024 * 1024;

        private List<ForeignSession> _chunk = new(Limits.ImportChunk);
        private (int Count, Task<Outcome<IReadOnlyList<string>>> Done)? _committing;

        /// <summary>Ids that are new. What is held for them is what the sessions hold, but for the set itself.</summary>
        private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
        private readonly List<LineRemark> _remarks = [];
        private readonly List<(string Code, string Detail)> _aboutLine = [];
        private int _remarkCount;
        private readonly List<SkippedLine> _skipped = [];
        private int _bytes;
        private int _line;
        private int _lines;
        private int _existing;
        private int _skippedCount;
        private bool _tooLong;

        /// <summary>Bytes of the line that is being read, in which there is no end.</summary>
        private long _searched;

        public int Imported => _taken.Count;

        /// <summary>Null if the body was read to its end.</summary>
        public async Task<MeshError?> ReadAsync(PipeReader reader)
        {
            try
            {
                while (true)
                {
                    var read = await reader.ReadAsync(http.RequestAborted);
                    var rest = read.Buffer;
                    while (TryTakeLine(ref rest, read.IsCompleted, out var line))
                    {
                        Take(line);
                        if ((_chunk.Count == Limits.ImportChunk || _bytes > ChunkBytes) && await CommitAsync() is { } refused)
                        {
                            return refused;
                        }
                    }

                    reader.AdvanceTo(rest.Start, rest.End);
                    if (read.IsCompleted)
                    {
                        return await CommitAsync() ?? await CommittedAsync();
                    }
                }
            }
            catch (BadHttpRequestException)
            {
                return await CommitAsync() ?? await CommittedAsync()
                    ?? new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidRequest, "The body could not be read to its end.");
            }
        }

        public ImportAnswer ToAnswer() => new()
        {
            DryRun = dryRun,
            Lines = _lines,
            Imported = Imported,
            Existing = _existing,
            SkippedCount = _skippedCount,
            Skipped = _skipped,
            Since = _before,
            RemarkCount = _remarkCount,
            Remarks = _remarks,
        };

        /// <summary>
        /// Takes the next line, without its end. A line that is too long is dropped while it is read, so that it uses no memory.
        /// </summary>
        private bool TryTakeLine(ref ReadOnlySequence<byte> rest, bool isLast, out ReadOnlySequence<byte> line)
        {
            if (rest.Slice(_searched).PositionOf((byte)'\n') is { } end)
            {
                _searched = 0;
                line = rest.Slice(0, end);
                rest = rest.Slice(rest.GetPosition(1, end));
                return true;
            }

            line = rest;
            _searched = isLast ? 0 : rest.Length;
            if (isLast)
            {
                rest = rest.Slice(rest.End);
                return line.Length > 0 || _tooLong;
            }

            if (rest.Length > Limits.ImportLineBytes)
            {
                _tooLong = true;
                _searched = 0;
                rest = rest.Slice(rest.End);
            }

            return false;
        }

        private void Take(in ReadOnlySequence<byte> line)
        {
            _line++;
            var isTooLong = _tooLong || line.Length > Limits.ImportLineBytes;
            _tooLong = false;
            var text = isTooLong ? default : Trim(line.IsSingleSegment ? line.First : line.ToArray(), isFirst: _line == 1);
            if (!isTooLong && text.IsEmpty)
            {
                return;
            }

            _lines++;
            var (session, code, reason) = isTooLong
                ? (null, "too_long", $"has more than {Limits.ImportLineBytes / (1024 * 1024)} MiB")
                : ImportRecord.Read(text, _aboutLine);
            if (session is not null)
            {
                _chunk.Add(session);
                _bytes += session.User.Length + session.Meta.Utf8().Length;
                Remark();
                return;
            }

            _aboutLine.Clear();
            _skippedCount++;
            if (_skipped.Count < Limits.ImportSkipsListed)
            {
                _skipped.Add(new SkippedLine { Line = _line, Code = code, Reason = reason });
            }
        }

        private void Remark()
        {
            foreach (var (code, detail) in _aboutLine)
            {
                _remarkCount++;
                if (_remarks.Count < Limits.ImportSkipsListed)
                {
                    _remarks.Add(new LineRemark { Line = _line, Code = code, Detail = detail });
                }
            }

            _aboutLine.Clear();
        }

        /// <summary>Hands the chunk to the engine once the previous one is done.</summary>
        private async Task<MeshError?> CommitAsync()
        {
            if (await CommittedAsync() is { } error)
            {
                return error;
            }

            if (_chunk.Count > 0)
            {
                var command = new ImportSessions
                {
                    Actor = http.GetKey().Id,
                    Records = _chunk,
                    Earlier = _taken,
                    Since = since,
                    DryRun = dryRun,
                };
                _committing = (_chunk.Count, engine.ExecuteAsync(command, http.StampOrigin()));
                _chunk = new List<ForeignSession>(Limits.ImportChunk);
                _bytes = 0;
            }

            return null;
        }

        private async Task<MeshError?> CommittedAsync()
        {
            if (_committing is not var (count, done))
            {
                return null;
            }

            _committing = null;
            var outcome = await done;
            if (!outcome.Succeeded)
            {
                return outcome.Error;
            }

            _taken.UnionWith(outcome.Value);
            _existing += count - outcome.Value.Count;
            return null;
        }

        private static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> line, bool isFirst)
        {
            if (isFirst && line.Span.StartsWith("\uFEFF"u8))
            {
                line = line[3..];
            }

            return line.Trim(" \t\r"u8);
        }
    }
}
