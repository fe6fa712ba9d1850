using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using SessionMesh.Contracts;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.OpenApi;

public sealed class DocumentTests
{
    private const string Update = "UPDATE_OPENAPI_SNAPSHOT";

    /// <summary>The document is reviewed like code: a change of the API shows in the diff of <c>docs/openapi.json</c>.</summary>
    [Fact]
    public async Task Document_EqualsTheReviewedSnapshot()
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.GetAsync("~" + Routes.OpenApi, key: "");
        Assert.Equal(200, reply.Status);
        var now = reply.Json.ToJsonString(
            new JsonSerializerOptions
            {
                WriteIndented = true,
                Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            })
            + "\n";
        var path = SnapshotPath();
        if (Environment.GetEnvironmentVariable(Update) is not (null or ""))
        {
            await File.WriteAllTextAsync(path, now);
        }

        var reviewed = File.Exists(path) ? (await File.ReadAllTextAsync(path)).ReplaceLineEndings("\n") : "";
        if (reviewed != now)
        {
            Assert.Fail(
                $"The API's document is not the one in docs/openapi.json.\n{FirstDifference(reviewed, now)}\n"
                + $"If that is meant: {Update}=1 dotnet test tests/SessionMesh.Server.Tests "
                + $"--filter {nameof(DocumentTests)}, and review the diff.");
        }
    }

    internal static string SnapshotPath()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "SessionMesh.sln")))
        {
            directory = directory.Parent;
        }

        return Path.Combine(
            directory?.FullName ?? throw new DirectoryNotFoundException("the tests do not run inside the repository"),
            "docs",
            "openapi.json");
    }

    private static string FirstDifference(string reviewed, string now)
    {
        var (before, after) = (reviewed.Split('\n'), now.Split('\n'));
        var line = Enumerable.Range(0, Math.Max(before.Length, after.Length))
            .First(i => before.ElementAtOrDefault(i) != after.ElementAtOrDefault(i));
        return $"line {line + 1}: reviewed {before.ElementAtOrDefault(line)?.Trim() ?? "(end)"}, now "
            + $"{after.ElementAtOrDefault(line)?.Trim() ?? "(end)"}";
    }
}
