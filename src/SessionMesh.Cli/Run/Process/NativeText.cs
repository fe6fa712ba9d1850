using System.Runtime.InteropServices;
using System.Text;

namespace SessionMesh.Cli.Run.Process;

/// <summary>Unmanaged memory for the length of one call: strings as NUL-terminated UTF-8, and vectors of them.</summary>
internal sealed unsafe class NativeText : IDisposable
{
    private readonly List<nint> _blocks = [];

    public byte* Zeroed(int bytes)
    {
        var block = (byte*)NativeMemory.AllocZeroed((nuint)bytes);
        _blocks.Add((nint)block);
        return block;
    }

    public byte* Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        var block = Zeroed(length + 1);
        Encoding.UTF8.GetBytes(text, new Span<byte>(block, length));
        return block;
    }

    public byte** Vector(IReadOnlyList<string> texts) => Vector([.. texts.Select(text => (nint)Text(text))]);

    /// <summary>The given pointers, ended by a null one.</summary>
    public byte** Vector(IReadOnlyList<nint> entries)
    {
        var vector = (byte**)Zeroed((entries.Count + 1) * sizeof(byte*));
        for (var i = 0; i < entries.Count; i++)
        {
            vector[i] = (byte*)entries[i];
        }

        return vector;
    }

    public void Dispose()
    {
        foreach (var block in _blocks)
        {
            NativeMemory.Free((void*)block);
        }

        _blocks.Clear();
    }
}
