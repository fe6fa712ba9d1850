using System.Buffers;

namespace SessionMesh.Contracts;

/// <summary>
/// The form of every id a caller may choose: 1 to 128 characters of <c>[A-Za-z0-9._:-]</c>, the first a letter or a
/// digit. Such an id is safe in a path, a log line, a header and a shell word without escaping.
/// </summary>
public static class MeshId
{
    public const int MaxLength = 128;

    public const string Rule =
        "an id has 1 to 128 characters, letters, digits or . _ : -, and starts with a letter or digit";

    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");

    public static bool IsValid(ReadOnlySpan<char> id) =>
        id.Length is > 0 and <= MaxLength
        && char.IsAsciiLetterOrDigit(id[0])
        && id.IndexOfAnyExcept(s_allowed) < 0;
}
