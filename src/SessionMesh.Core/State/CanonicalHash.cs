using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SessionMesh.Core.State;

/// <summary>
/// SHA-256 over values in one form that is the same on every machine: numbers are eight bytes, the lowest first; a text is its length and
/// its UTF-8, so that no two sequences of values are the same bytes. For one thread.
/// </summary>
internal sealed class CanonicalHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[32 * 1024];
    private int _used;

    public void Number(long value) => BinaryPrimitives.WriteInt64LittleEndian(Room(sizeof(long)), value);

    public void Number(UInt128 value)
    {
        Number((long)(ulong)value);
        Number((long)(ulong)(value >> 64));
    }

    public void Number(double value) => Number(BitConverter.DoubleToInt64Bits(value));

    public void Flag(bool value) => Room(1)[0] = value ? (byte)1 : (byte)0;

    /// <summary>Null is not the empty text.</summary>
    public void Text(string? text)
    {
        Number(text?.Length ?? -1L);
        if (text is null)
        {
            return;
        }

        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most > _buffer.Length)
        {
            Append(Encoding.UTF8.GetBytes(text));
            return;
        }

        MakeRoom(most);
        _used += Encoding.UTF8.GetBytes(text, _buffer.AsSpan(_used));
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Number(bytes.Length);
        if (bytes.Length > _buffer.Length)
        {
            Append(bytes);
        }
        else
        {
            bytes.CopyTo(Room(bytes.Length));
        }
    }

    /// <summary>The hash of all that was written, as 64 lower-case hexadecimal digits.</summary>
    public string Finish()
    {
        Flush();
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    public void Dispose() => _hash.Dispose();

    private Span<byte> Room(int bytes)
    {
        MakeRoom(bytes);
        _used += bytes;
        return _buffer.AsSpan(_used - bytes, bytes);
    }

    private void MakeRoom(int bytes)
    {
        if (_used + bytes > _buffer.Length)
        {
            Flush();
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        Flush();
        _hash.AppendData(bytes);
    }

    private void Flush()
    {
        _hash.AppendData(_buffer.AsSpan(0, _used));
        _used = 0;
    }
}
