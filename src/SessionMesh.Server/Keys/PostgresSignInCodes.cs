using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;
using SessionMesh.Server.Store.Postgres;

namespace SessionMesh.Server.Keys;

/// <summary>In the database: the node that trades a code need not be the one that gave it.</summary>
internal sealed class PostgresSignInCodes(PostgresStore store) : ISignInCodes
{
    // Of two that were given in one millisecond, the transaction tells which is the older.
    private const string Give = """
        WITH over AS (
            SELECT hash FROM mesh_codes WHERE until <= $4
            UNION (SELECT hash FROM mesh_codes WHERE minter = $2 ORDER BY until DESC, age(xmin) OFFSET $6)
            UNION (SELECT hash FROM mesh_codes ORDER BY until DESC, age(xmin) OFFSET $7)),
        ended AS (DELETE FROM mesh_codes WHERE hash IN (SELECT hash FROM over))
        INSERT INTO mesh_codes (hash, minter, wanted, until) VALUES ($1, $2, $3, $5)
        """;

    private const string Take = "DELETE FROM mesh_codes WHERE hash = $1 RETURNING minter, wanted, until";

    public async Task<string> GiveAsync(string minter, CreateKeyRequest wanted, long now, long until)
    {
        var code = SignInCodes.NewCode();
        await using var command = store.Source.CreateCommand(Give);
        command.Parameters.Add(new() { Value = SignInCodes.HashOf(code) });
        command.Parameters.Add(new() { Value = minter });
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(wanted, MeshJson.Default.CreateKeyRequest) });
        command.Parameters.Add(new() { Value = now });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = Limits.SignInCodesPerKey - 1 });
        command.Parameters.Add(new() { Value = Limits.SignInCodes - 1 });
        await command.ExecuteNonQueryAsync();
        return code;
    }

    public async Task<(string Minter, CreateKeyRequest Wanted)?> TakeAsync(string code, long now)
    {
        await using var command = store.Source.CreateCommand(Take);
        command.Parameters.Add(new() { Value = SignInCodes.HashOf(code) });
        await using var rows = await command.ExecuteReaderAsync();
        return await rows.ReadAsync() && rows.GetInt64(2) > now
            ? (rows.GetString(0), JsonSerializer.Deserialize(rows.GetString(1), MeshJson.Default.CreateKeyRequest)!)
            : null;
    }
}
