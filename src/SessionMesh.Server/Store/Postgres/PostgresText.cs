using System.Diagnostics.CodeAnalysis;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>
/// Text as PostgreSQL can hold it. It refuses U+0000, which SQLite takes and a message may have. Such a text is stored with U+001A,
/// SUBSTITUTE, and a digit in its place: 0 for U+0000, 1 for U+001A itself.
/// </summary>
internal static class PostgresText
{
    private const char Mark = '\u001a';

    [return: NotNullIfNotNull(nameof(text))]
    public static string? Escape(string? text) => text is null || text.AsSpan().IndexOfAny('\0', Mark) < 0
        ? text
        : text.Replace("\u001a", "\u001a1", StringComparison.Ordinal).Replace("\0", "\u001a0", StringComparison.Ordinal);

    [return: NotNullIfNotNull(nameof(text))]
    public static string? Unescape(string? text) => text is null || !text.Contains(Mark)
        ? text
        : text.Replace("\u001a0", "\0", StringComparison.Ordinal).Replace("\u001a1", "\u001a", StringComparison.Ordinal);
}
