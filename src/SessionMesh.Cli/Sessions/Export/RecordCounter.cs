using SessionMesh.Client;

namespace SessionMesh.Cli.Sessions.Export;

/// <summary>
/// Counts the records of an export as its bytes go by, in pieces of any size, and knows whether the whole of it came: an answer that was
/// cut off between two records looks like a shorter one.
/// </summary>
internal sealed class RecordCounter(string format)
{
    private int _depth;
    private bool _inText;
    private bool _escaped;
    private bool _began;
    private byte _last;

    public long Count { get; private set; }

    /// <summary>Whether what went by is a whole document, as far as its frame tells.</summary>
    public bool IsWhole => format switch
    {
        ExportFormat.Json => _began && _depth == 0,
        ExportFormat.Jsonl => _last is 0 or (byte)'\n',
        _ => _began && !_inText && _last == (byte)'\n',
    };

    public void Add(ReadOnlySpan<byte> piece)
    {
        if (piece.IsEmpty)
        {
            return;
        }

        switch (format)
        {
            case ExportFormat.Json: AddJson(piece); break;
            case ExportFormat.Jsonl: Count += piece.Count((byte)'\n'); break;
            default: AddCsv(piece); break;
        }

        _last = piece[^1];
    }

    /// <summary>The objects of the outer array.</summary>
    private void AddJson(ReadOnlySpan<byte> piece)
    {
        foreach (var letter in piece)
        {
            if (_inText)
            {
                if (_escaped)
                {
                    _escaped = false;
                }
                else if (letter == (byte)'\\')
                {
                    _escaped = true;
                }
                else if (letter == (byte)'"')
                {
                    _inText = false;
                }

                continue;
            }

            switch (letter)
            {
                case (byte)'"':
                    _inText = true;
                    break;
                case (byte)'[' or (byte)'{':
                    if (_depth++ == 1)
                    {
                        Count++;
                    }

                    _began = true;
                    break;
                case (byte)']' or (byte)'}':
                    _depth--;
                    break;
            }
        }
    }

    /// <summary>Lines, without the header; a line break between quotes is part of a cell.</summary>
    private void AddCsv(ReadOnlySpan<byte> piece)
    {
        foreach (var letter in piece)
        {
            if (letter == (byte)'"')
            {
                _inText = !_inText;
            }

            if (letter != (byte)'\n' || _inText)
            {
                continue;
            }

            if (_began)
            {
                Count++;
            }

            _began = true;
        }
    }
}
