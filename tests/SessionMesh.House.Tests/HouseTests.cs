namespace SessionMesh.House.Tests;

/// <summary>What keeps the house as it is drawn in docs/architecture.md.</summary>
public sealed class HouseTests
{
    /// <summary>Columns of a line.</summary>
    private const int Columns = 140;

    /// <summary>Lines of a file. One with more says why in its first lines.</summary>
    private const int Rows = 500;

    [Fact]
    public void Rooms_UseWhatTheTableAllows_AndNothingElse()
    {
        var actual = Directions.Actual();
        var forbidden = actual.SelectMany(room =>
            room.Value.Except(Directions.Allowed.GetValueOrDefault(room.Key, [])).Select(used => $"{room.Key} uses {used}"));
        var stale = Directions.Allowed.SelectMany(room =>
            room.Value.Except(actual.GetValueOrDefault(room.Key) ?? []).Select(used => $"{room.Key} may use {used}, and does not"));

        Assert.Equal([], forbidden.Concat(stale));
    }

    [Fact]
    public void Rooms_MakeNoCircle_ButTheOneOfCore() => Assert.Equal(Directions.Circles, Directions.CirclesOf(Directions.Actual()));

    [Fact]
    public void Core_KnowsNoProtocolAndNoDatabase() => Assert.Equal([], Source.All
        .Where(source => source.Project == "src/SessionMesh.Core")
        .SelectMany(source => source.Lines, (source, line) => (source.Path, line))
        .Where(found => found.line.StartsWith("using Microsoft", StringComparison.Ordinal)
            || found.line.StartsWith("using System.Net", StringComparison.Ordinal)
            || found.line.Contains("StatusCodes", StringComparison.Ordinal))
        .Select(found => $"{found.Path}: {found.line}"));

    [Fact]
    public void Lines_FitIntoTheirColumns() => Assert.Equal([], Source.All
        .SelectMany(source => source.Lines.Select((line, i) => (Where: $"{source.Path}:{i + 1}", line.Length)))
        .Where(line => line.Length > Columns)
        .Select(line => $"{line.Where} has {line.Length} columns"));

    [Fact]
    public void Files_AreShort_OrSayWhyNot() => Assert.Equal([], Source.All
        .Where(source => !source.Path.Contains("/Migrations/", StringComparison.Ordinal)) // made by dotnet ef
        .Where(source => source.Lines.Length > Rows && !source.Lines[0].StartsWith("// Long: ", StringComparison.Ordinal))
        .Select(source => $"{source.Path} has {source.Lines.Length} lines; split it, or begin it with \"// Long: \" and the reason"));

    /// <summary>The client's types are one namespace for those who use the package, whatever folder they are in.</summary>
    [Fact]
    public void Namespaces_AreFolders() => Assert.Equal([], Source.All
        .Where(source => source.Project is not ("src/SessionMesh.Client" or "tests/SessionMesh.Client.Tests"))
        .Where(source => source.Namespace.Length > 0 && source.Path.Split('/') is ["src" or "tests", ..])
        .Where(source => !source.Path.StartsWith("tests/Shared/", StringComparison.Ordinal))
        .Where(source => source.Namespace != string.Join('.', source.Path.Split('/')[1..^1]))
        .Select(source => $"{source.Path} is in {source.Namespace}"));

    [Fact]
    public void Folders_HaveMoreThanOneFile() => Assert.Equal([], Source.All
        .Where(source => source.Path.StartsWith("src/", StringComparison.Ordinal) && source.Room != ".")
        .GroupBy(source => Path.GetDirectoryName(source.Path)!)
        .Where(folder => Source.All.Count(source => source.Path.StartsWith(folder.Key + "/", StringComparison.Ordinal)) == 1)
        .Where(folder => Directory.GetFiles(Path.Combine(Source.Repository, folder.Key), "*.razor").Length == 0)
        .Select(folder => $"{folder.Key} has one file"));

    /// <summary>What starts by posix_spawn has its environment made in one place, which leaves it out.</summary>
    [Fact]
    public void Children_DoNotInheritTheDatabasesSecret() => Assert.Equal([], Source.All
        .Where(source => source.Path.StartsWith("src/", StringComparison.Ordinal))
        .SelectMany(source => source.Lines, (source, line) => (source.Path, line))
        .Where(found => found.line.Contains("Process.Start(", StringComparison.Ordinal)
            && !found.line.Contains("Process.Start(DatabaseSecret.Without(", StringComparison.Ordinal))
        .Select(found => $"{found.Path} starts a process without DatabaseSecret.Without: {found.line.Trim()}"));

    [Fact]
    public void Types_OfOneName_AreOne()
    {
        var types = Source.All.Where(source => source.Path.StartsWith("src/", StringComparison.Ordinal))
            .SelectMany(source => source.Lines, (source, line) => (source.Namespace, Name: Declaration.Of(line)))
            .Where(type => type.Name is not null).Distinct()
            .GroupBy(type => type.Name).Where(types => types.Count() > 1)
            .Select(types => $"{types.Key} is in {string.Join(" and in ", types.Select(type => type.Namespace))}");

        Assert.Equal([], types);
    }
}
