using System.Net;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Storage;

namespace SessionMesh.Server.Tests.Options;

/// <summary>Which store, and how its secret comes in. Nothing that is said holds the password.</summary>
public sealed class PostgresOptionTests : IDisposable
{
    private const string Password = "Hunter2-n0t-to-be-seen";
    private const string Good = $"Host=db.example;Port=5433;Database=m;Username=u;Password={Password}";

    private readonly string _files = Directory.CreateTempSubdirectory("mesh-postgres-options-").FullName;
    private int _written;

    public void Dispose() => Directory.Delete(_files, recursive: true);

    [Fact]
    public void Store_IsSqliteUnlessToldOtherwise_AndTheNodeIsNamedAfterItsHost()
    {
        var options = Parse("");
        Assert.Null(options.Postgres);
        Assert.Equal((Dns.GetHostName(), null), (options.NodeId, options.RootKeyFile));
        Assert.Null(Parse("--store sqlite").Postgres);
        Assert.Null(Parse("--store sqlite", "SESSION_MESH_POSTGRES=" + Good).Postgres);
        Assert.Null(Parse("--sandbox", "SESSION_MESH_POSTGRES=" + Good).Postgres);
        Assert.Null(Parse("", "SESSION_MESH_POSTGRES=").Postgres);
        Assert.Equal("n-1", Parse("--node-id n-1").NodeId);
    }

    [Fact]
    public void Postgres_IsReachedAsItsStringSays_AndShowsNoPassword()
    {
        var options = Parse("--store postgres --node-id a.b:c --root-key-file r", "SESSION_MESH_POSTGRES=" + Good);
        Assert.Contains(Password, options.Postgres!.ConnectionString, StringComparison.Ordinal);
        Assert.Equal("host db.example, port 5433, database m, user u", options.Postgres.ToString());
        Assert.Equal(("a.b:c", "r"), (options.NodeId, options.RootKeyFile));
        Assert.DoesNotContain(Password, options.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Password, System.Text.Json.JsonSerializer.Serialize(options.Postgres), StringComparison.Ordinal);
        Assert.Equal("db.example", Parse("", "SESSION_MESH_STORE=postgres", "SESSION_MESH_POSTGRES=" + Good).Postgres!.Host);
    }

    [Fact]
    public void Postgres_WhateverItsStringAsksFor_PutsNothingSecretIntoErrorsAndLogs()
    {
        const string Loose = Good + ";Include Error Detail=true;Persist Security Info=true;Log Parameters=true";
        var parsed = new Npgsql.NpgsqlConnectionStringBuilder(
            Parse("--store postgres", "SESSION_MESH_POSTGRES=" + Loose).Postgres!.ConnectionString);
        Assert.Equal((false, false, false), (parsed.IncludeErrorDetail, parsed.PersistSecurityInfo, parsed.LogParameters));
    }

    [Theory]
    [InlineData(Good)]
    [InlineData(Good + "\n")]
    [InlineData("\uFEFF" + Good + "\r\n")]
    public void File_OfItsOwnerAlone_HasTheString(string content)
    {
        var file = Write(content);
        Assert.Equal("m", Parse("--store postgres --postgres-file " + file).Postgres!.Database);
        Assert.Equal("m", Parse("--store postgres", "SESSION_MESH_POSTGRES_FILE=" + file).Postgres!.Database);
    }

    [Theory]
    [InlineData("--store postgres", "", "--store postgres needs a connection string. Set SESSION_MESH_POSTGRES to it, or put it")]
    [InlineData("--store mysql", "", "--store is 'mysql', and is either sqlite or postgres. Say for example --store postgres.")]
    [InlineData("--store Postgres", "", "--store is 'Postgres', and is either sqlite or postgres.")]
    [InlineData("", Good, "SESSION_MESH_POSTGRES is set, and without --store postgres the mesh would be in a file")]
    [InlineData("--store postgres --postgres-file f", Good, "SESSION_MESH_POSTGRES and --postgres-file both name a database.")]
    [InlineData("--store postgres --sandbox", Good, "--store is postgres, and a sandbox keeps its own store")]
    [InlineData("--postgres-file f", "", "--postgres-file is given, and the store is SQLite. Say --store postgres too, or leave it out.")]
    [InlineData("--store sqlite --postgres-file f", "", "--postgres-file is given, and the store is SQLite.")]
    [InlineData("--root-key-file f", "", "--root-key-file is given, and the store is SQLite.")]
    [InlineData("--node-id -x", "", "--node-id is '-x': an id has 1 to 128 characters")]
    [InlineData("--store postgres --node-id a/b", Good, "--node-id is 'a/b': an id has 1 to 128 characters")]
    [InlineData("--store postgres --postgres-file /nowhere/f", "", "The connection string cannot be read: there is no directory /nowhere.")]
    [InlineData("--store postgres --postgres-file /", "", "The connection string cannot be read: / is a directory.")]
    public void Contradiction_IsRefusedAndSaysWhatToType(string typed, string variable, string says) =>
        Says(says, typed, variable.Length == 0 ? [] : ["SESSION_MESH_POSTGRES=" + variable]);

    [Theory]
    [InlineData($"postgres://u:{Password}@db/m", "is a URL, and is to be pairs")]
    [InlineData($"PostgreSQL://u:{Password}@db/m", "is a URL")]
    [InlineData($"host=db port=5432 user=u password={Password}", "has several words in one value: pairs have semicolons between them")]
    [InlineData($"Host=db;Database=m password={Password}", "has several words in one value")]
    [InlineData($"Host=db;Username=u\nPassword={Password}", "has several words in one value")]
    [InlineData($"Host=db;Port={Password}", "is not understood")]
    [InlineData($"Host=db;SSL Mode={Password}", "is not understood")]
    [InlineData($"Host=db;{Password}=1", "is not understood")]
    [InlineData($"Host=db;{Password}", "is not understood")]
    [InlineData(Password, "is not understood")]
    [InlineData($"Host=db;Password='{Password}", "is not understood")]
    [InlineData($"Host=db;Port=99999999999;Password={Password}", "is not understood")]
    [InlineData($"Username=u;Password={Password}", "names no host")]
    [InlineData($"Host=;Username=u;Password={Password}", "names no host")]
    [InlineData($"Host= ;Username=u;Password={Password}", "names no host")]
    public void String_ThatIsNotUnderstood_IsRefusedAndNotRepeated(string text, string says)
    {
        Says("The connection string in SESSION_MESH_POSTGRES " + says, "--store postgres", "SESSION_MESH_POSTGRES=" + text);
        if (!text.Contains('\n', StringComparison.Ordinal))
        {
            var file = Write(text);
            Says($"The connection string in {file} {says}", "--store postgres --postgres-file " + file);
        }
    }

    [Fact]
    public void File_ThatOthersMayRead_OrThatHoldsSomethingElse_IsRefused()
    {
        foreach (var bit in new[] { UnixFileMode.GroupRead, UnixFileMode.OtherRead, UnixFileMode.GroupWrite, UnixFileMode.OtherWrite })
        {
            var open = Write(Good, StoreFile.OwnerOnly | bit);
            Says($"{open} holds a secret, and other accounts may use it. Say chmod 600 {open}", "--store postgres --postgres-file " + open);
        }

        string[] wrong = ["", "\n", Good + "\n" + Good, "# comment\n" + Good, Good + "\0", Good + new string('x', 20_000)];
        Assert.All(wrong, content => Says("does not hold a connection string", "--store postgres --postgres-file " + Write(content)));
    }

    [Theory]
    [InlineData("--postgres", Good)]
    [InlineData("--postgres=" + Password)]
    [InlineData("--postgres:" + Password)]
    [InlineData("--postgres-file", Good)]
    [InlineData("--postgres-file=" + Good)]
    [InlineData("--store", $"postgres://u:{Password}@db/m")]
    [InlineData("--store=postgresql://u:" + Password + "@db/m")]
    [InlineData("--store", "postgres", "--postgres-file", "password=" + Password)]
    [InlineData("--connection-string", "User Id=u;Pwd=" + Password)]
    [InlineData("--data", "Data Source=db; Password =" + Password)]
    [InlineData("host=db", "user=u", "password=" + Password)]
    [InlineData("'Host=db;Password=" + Password + "'")]
    public void ConnectionString_AmongTheArguments_IsRefusedAndNotRepeated(params string[] args)
    {
        var words = Assert.Throws<StartupException>(() => ServerOptions.Parse(args, _ => null, TimeProvider.System)).ToString();
        Assert.Contains("A connection string is no argument", words, StringComparison.Ordinal);
        Assert.Contains("Set SESSION_MESH_POSTGRES to it", words, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectionString_InAnotherPlace_IsRefusedAndNotRepeated()
    {
        Says(
            "SESSION_MESH_POSTGRES_FILE looks like a connection string. That belongs into SESSION_MESH_POSTGRES, or into the file",
            "--store postgres",
            "SESSION_MESH_POSTGRES_FILE=" + Good);
        var words = await Assert.ThrowsAsync<StartupException>(() => NewRootVerb.RunAsync([Good], _ => null, TextWriter.Null));
        Assert.DoesNotContain(Password, words.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--data a=b:c")]
    [InlineData("--data /srv/host/password")]
    [InlineData("--data=user/data")]
    [InlineData("--allow-host=localhost --tls-password-file= --urls=http://127.0.0.1:1")]
    public void Argument_ThatIsNone_IsNotTakenForOne(string typed) =>
        Assert.All(typed.Split(' '), arg => Assert.False(PostgresOptions.IsLikely(arg)));

    [Fact]
    public void Help_SaysWhereTheStringGoes()
    {
        var help = new StringWriter();
        Assert.True(OptionTable.TryWriteHelp(["--help"], help));
        Assert.Contains("SESSION_MESH_POSTGRES has the connection string", help.ToString(), StringComparison.Ordinal);
    }

    /// <summary>With nothing of a secret in it, nor in what lies beneath.</summary>
    private static void Says(string words, string typed, params string[] variables)
    {
        var refused = Assert.Throws<StartupException>(() => Parse(typed, variables));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.DoesNotContain(Password, refused.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    private static ServerOptions Parse(string typed, params string[] variables) => ServerOptions.Parse(
        typed.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        name => Array.Find(variables, one => one.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..],
        TimeProvider.System);

    private string Write(string content, UnixFileMode mode = StoreFile.OwnerOnly)
    {
        var path = Path.Combine(_files, $"file{_written++}");
        File.WriteAllText(path, content);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }

        return path;
    }
}
