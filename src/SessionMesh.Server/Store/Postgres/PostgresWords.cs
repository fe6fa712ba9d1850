using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>What PostgreSQL's faults mean, in words for the person who started the server. None has the connection string in it.</summary>
internal static class PostgresWords
{
    /// <summary>Continues a sentence that begins with where the database is.</summary>
    public static string Of(Exception e) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            "refuses this user or its password. Look at the connection string and at pg_hba.conf.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } =>
            "has no such database. Make it with CREATE DATABASE, or name another.",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused =>
            $"does not let this user do it ({refused.MessageText}). It needs CREATE on the database, or a schema that it owns.",
        PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown } =>
            "is starting or stopping. Try again.",
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } =>
            "has no connection left. Raise max_connections, or lower Maximum Pool Size in the connection string.",
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => "has a full disk. Free some room there and try again.",
        PostgresException refused => $"refuses: {refused.MessageText} ({refused.SqlState}).",
        { InnerException: SocketException socket } => $"cannot be reached: {socket.Message}. Is it running, and is the address right?",
        { InnerException: TimeoutException } or TimeoutException => "does not answer in time. Is it running, and is the address right?",
        _ => $"cannot be used: {e.Message}",
    };

    /// <summary>Whether the way to PostgreSQL is at fault, so that nobody knows how far a call got.</summary>
    public static bool IsOfTheWay(Exception e) => e switch
    {
        PostgresException refused => refused.SqlState[..2] is "08" or "57" || refused.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction,
        NpgsqlException or TimeoutException or IOException or SocketException => true,
        InvalidOperationException { InnerException: { } inner } => IsOfTheWay(inner), // as EF wraps it
        _ => false,
    };

    /// <summary>The same for what came out of a query, which may be wrapped.</summary>
    public static bool IsAway(Exception? e) =>
        e is RetryLimitExceededException or InvalidOperationException or DbUpdateException ? IsAway(e.InnerException)
        : e is NpgsqlException && IsOfTheWay(e);

    /// <summary>What PostgreSQL or the way to it did, out of whatever that is wrapped in; null if it is something else.</summary>
    public static Exception? CauseOf(Exception? e) => e switch
    {
        NpgsqlException or TimeoutException or SocketException => e,
        RetryLimitExceededException or InvalidOperationException or DbUpdateException => CauseOf(e.InnerException),
        _ => null,
    };

    /// <summary>Whether it refuses a row of a batch, however often it is tried: its data, a constraint, a limit.</summary>
    public static bool IsOfTheRow(PostgresException e) => e.SqlState[..2] is "22" or "23" or "54";

    /// <summary>A cause that may be logged: no error of Npgsql has the password, and this makes sure of it.</summary>
    public static Exception WithoutSecrets(Exception e) => new NpgsqlException(e.Message);
}
