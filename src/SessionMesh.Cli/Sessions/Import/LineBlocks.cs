using SessionMesh.Contracts;

namespace SessionMesh.Cli.Sessions.Import;

/// <summary>Some whole lines of a file.</summary>
/// <param name="Bytes">Valid until the next block is read.</param>
/// <param name="LinesBefore">Lines of the file before the first of these.</param>
/// <param name="IsTooLong">It is the beginning of one line that no block holds; the rest of that line is left out.</param>
internal readonly record struct LineBlock(ReadOnlyMemory<byte> Bytes, int LinesBefore, bool IsTooLong = false)
{
    /// <summary>Line ends in it; a last line without one is not counted.</summary>
    public int Lines => IsTooLong ? 1 : Bytes.Span.Count((byte)'\n');

    /// <summary>The same lines in pieces of at most this many.</summary>
    public IEnumerable<LineBlock> InPieces(int lines)
    {
        var (rest, before) = (Bytes, LinesBefore);
        while (!rest.IsEmpty)
        {
            var length = 0;
            for (var line = 0; line < lines && length < rest.Length; line++)
            {
                var end = rest.Span[length..].IndexOf((byte)'\n');
                length = end < 0 ? rest.Length : length + end + 1;
            }

            yield return new LineBlock(rest[..length], before);
            (rest, before) = (rest[length..], before + lines);
        }
    }
}

/// <summary>
/// Cuts a stream at line ends into blocks of a bounded size, in one buffer however long it is, which grows for a line that
/// needs it. A byte order mark at its beginning is no part of the first line.
/// </summary>
internal sealed class LineBlocks(Stream input, int size = LineBlocks.DefaultSize, int longest = Limits.ImportLineBytes)
{
    /// <summary>Bytes of a block at most: some ten thousand records, sent in well under a second.</summary>
    public const int DefaultSize = 4 * 1024 * 1024;

    private static readonly byte[] s_mark = [0xEF, 0xBB, 0xBF];

    private byte[] _buffer = new byte[size];
    private int _start;
    private int _end;
    private int _lines;
    private long _read;
    private bool _atEnd;

    /// <summary>Bytes read from the stream so far. May be asked from another thread.</summary>
    public long BytesRead => Interlocked.Read(ref _read);

    /// <summary>Whether the last block that was read is the end of the stream.</summary>
    public bool AtEnd => _atEnd && _start == _end;

    /// <summary>The next block, or null at the end.</summary>
    public async ValueTask<LineBlock?> NextAsync(CancellationToken cancellation)
    {
        await FillAsync(cancellation);
        if (_start == _end)
        {
            return null;
        }

        var all = _buffer.AsMemory(_start, _end - _start);
        var length = _atEnd ? all.Length : all.Span.LastIndexOf((byte)'\n') + 1;
        if (length == 0 && _buffer.Length <= longest)
        {
            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, longest + 1));
            return await NextAsync(cancellation);
        }

        if (length == 0)
        {
            return await SkipLineAsync(cancellation);
        }

        var block = new LineBlock(all[..length], _lines);
        _lines += block.Lines;
        _start += length;
        return block;
    }

    /// <summary>Moves what is left to the front and reads until the buffer is full or the stream has ended.</summary>
    private async ValueTask FillAsync(CancellationToken cancellation)
    {
        var isFirst = _read == 0;
        _buffer.AsSpan(_start.._end).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        while (!_atEnd && _end < _buffer.Length)
        {
            // Reading a terminal or a pipe cannot be cancelled: the read is left to the end of the process.
            var read = await input.ReadAsync(_buffer.AsMemory(_end), cancellation).AsTask().WaitAsync(cancellation);
            _end += read;
            Interlocked.Add(ref _read, read);
            _atEnd = read == 0;
        }

        if (isFirst && _buffer.AsSpan(.._end).StartsWith(s_mark))
        {
            _start = s_mark.Length;
        }
    }

    private async ValueTask<LineBlock> SkipLineAsync(CancellationToken cancellation)
    {
        var at = -1;
        while (at < 0 && !_atEnd)
        {
            (_start, _end) = (0, 0);
            await FillAsync(cancellation);
            at = _buffer.AsSpan(_start.._end).IndexOf((byte)'\n');
        }

        _start = at < 0 ? _end : _start + at + 1;
        return new LineBlock(default, _lines++, IsTooLong: true);
    }
}
