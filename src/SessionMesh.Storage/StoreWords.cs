using Microsoft.Data.Sqlite;

namespace SessionMesh.Storage;

/// <summary>Why a store could not be worked on, for a person who need not know what is under it.</summary>
public static class StoreWords
{
    /// <summary>A clause without its subject, which is the store: <c>is damaged</c>.</summary>
    public static string Of(SqliteException error) => error.SqliteErrorCode switch
    {
        5 or 6 => "is in use by another process",
        8 => "can only be read by this account",
        10 => "cannot be read or written: the disk answers with an error",
        11 => "is damaged",
        13 => "does not fit on the disk, which is full",
        14 => "cannot be opened by this account",
        26 => "is not the database of a mesh, or it is damaged",
        _ => $"cannot be used: {Quoted(error.Message)} (SQLite error {error.SqliteExtendedErrorCode})",
    };

    /// <summary>What SQLite says, out of the sentence that its library makes of it.</summary>
    private static string Quoted(string message) =>
        message.IndexOf('\'') is var begin and >= 0 && message.LastIndexOf('\'') is var end && end > begin + 1
            ? message[(begin + 1)..end]
            : message.TrimEnd('.');
}
