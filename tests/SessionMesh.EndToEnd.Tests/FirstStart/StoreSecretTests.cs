using Npgsql;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.FirstStart;

/// <summary>
/// A server that cannot reach its PostgreSQL, or does not understand how, ends with one line, and the password is in nothing that others
/// see: neither output nor a file.
/// </summary>
public sealed class StoreSecretTests : IDisposable
{
    private const string Password = "Hunter2-n0t-to-be-seen";

    private readonly Scratch _scratch = new();
    private readonly ServerProcess _server;

    public StoreSecretTests() => _server = new ServerProcess(_scratch);

    public void Dispose()
    {
        _server.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [InlineData($"Host=127.0.0.1;Port=1;Database=m;Username=u;Password={Password};Timeout=3")]
    [InlineData($"Host=nowhere.invalid;Database=m;Username=u;Password={Password};Timeout=3")]
    [InlineData($"Host=127.0.0.1;Password={Password};Nonsense=1")]
    [InlineData($"host=127.0.0.1 password={Password}")]
    [InlineData($"postgres://u:{Password}@127.0.0.1/m")]
    public async Task Postgres_ThatIsNotReachedOrNotUnderstood_EndsTheStartWithoutItsPassword(string text)
    {
        _server.Environment["SESSION_MESH_POSTGRES"] = text;
        await EndsQuietlyAsync(["--store", "postgres"]);

        _server.Environment.Remove("SESSION_MESH_POSTGRES");
        var file = _scratch.File("postgres");
        await File.WriteAllTextAsync(file, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await EndsQuietlyAsync(["--store", "postgres", "--postgres-file", file]);
        File.Delete(file);
        NothingIsWritten();
    }

    [Fact]
    public async Task WrongPassword_EndsTheStartWithoutIt()
    {
        var postgres = await PostgresServer.SharedAsync();
        await using var database = await postgres.CreateDatabaseAsync();
        var wrong = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Password = Password };
        _server.Environment["SESSION_MESH_POSTGRES"] = wrong.ConnectionString;
        await EndsQuietlyAsync(["--store", "postgres"]);
        NothingIsWritten();
    }

    private async Task EndsQuietlyAsync(string[] options)
    {
        using var started = _server.Launch(options);
        var ran = await started.EndAsync();
        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Matches(@"^session-mesh server: [^\n]+\n$", ran.Error);
        Assert.DoesNotContain(Password, ran.Error, StringComparison.Ordinal);
    }

    private void NothingIsWritten() => Assert.All(
        Directory.EnumerateFiles(_scratch.Root, "*", SearchOption.AllDirectories),
        file => Assert.DoesNotContain(Password, File.ReadAllText(file), StringComparison.Ordinal));
}
