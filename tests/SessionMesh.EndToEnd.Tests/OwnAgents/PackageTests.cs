using SessionMesh.EndToEnd.Tests.Agents;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.OwnAgents;

/// <summary>
/// The packages as they are packed, in projects outside of the repository that have nothing but them, with the programs of their own
/// readmes.
/// </summary>
public sealed class PackageTests(Mesh mesh) : IClassFixture<Mesh>
{
    /// <summary>What the readme of SessionMesh.Extensions.AI has beside it: a model that calls for a function, and then repeats the last
    /// that it was told.</summary>
    private const string Given = """
        using Microsoft.Extensions.AI;

        internal static partial class Program
        {
            private static readonly IChatClient model = new Scripted();
            private static readonly AIFunction save = AIFunctionFactory.Create(() => "saved", "save");
            private static readonly AIFunction search = AIFunctionFactory.Create(SearchAsync, "search");

            private static async Task<string> SearchAsync()
            {
                while (!File.Exists("go"))
                {
                    await Task.Delay(20);
                }

                return "found";
            }
        }

        internal sealed class Scripted : IChatClient
        {
            private int _asked;

            public Task<ChatResponse> GetResponseAsync(
                IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
                Task.FromResult(new ChatResponse(_asked++ == 0
                    ? new ChatMessage(ChatRole.Assistant, [new FunctionCallContent("c1", "search")])
                    : new ChatMessage(ChatRole.Assistant, messages.Last().Text)));

            public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
                IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
                throw new NotSupportedException();

            public object? GetService(Type serviceType, object? serviceKey = null) => null;

            public void Dispose()
            {
            }
        }
        """;

    [Fact]
    public async Task Packages_AreAllThatTheirReadmesNeed()
    {
        await PackAsync("SessionMesh.Contracts", "SessionMesh.Client", "SessionMesh.Extensions.AI");
        var client = Document.Blocks("src/SessionMesh.Client/README.md", "csharp");
        var model = Document.Blocks("src/SessionMesh.Extensions.AI/README.md", "csharp");

        var (crawler, operates) = (
            await BuildAsync("Crawler", "SessionMesh.Client", client[0]), await BuildAsync("Operator", "SessionMesh.Client", client[1]));

        // Inside a process that is an agent by its runner, it is one below that.
        using (var runner = mesh.Start("run", "--agent-id", "outer", "--", Built.Dotnet, crawler))
        {
            await mesh.Http.AgentAsync(
                "crawler-1", row => row.Status == 200 && $"{row.Text("status")} {row.Text("parent_id")}" == "alive outer",
                "is below\n" + runner.Error);
            await KillAsync("crawler-1");
            Assert.Equal(0, await runner.ExitAsync());
            await IsOverAsync("outer");
        }

        // An agent in ten lines, and its operator.
        using (var running = Start(crawler))
        {
            await mesh.Http.AgentAsync("crawler-1", row => row.Text("progress") is not (null or "null"), "works\n" + running.Error);
            using var operating = Start(operates);
            var operated = (await operating.EndAsync()).Done();
            Assert.Matches(@"^crawler-1  \d+\nacknowledged\n$", operated.Out);
            await KillAsync("crawler-1");
            Assert.Equal("going north\n", (await running.EndAsync()).Done().Out);
        }

        // An agent's model, steered between two requests.
        using var writing = Start(await BuildAsync("Writer", "SessionMesh.Extensions.AI", model[0], Given));
        await mesh.Http.AgentAsync("writer", row => row.Status == 200 && row.Text("note") == "search", "searches\n" + writing.Error);
        var steer = await mesh.Http.PostAsync("steer", """{"agent_id":"writer","direction":"north"}""");
        var taken = await mesh.Http.PostAsync("steer", """{"agent_id":"writer","verb":"resume","wait":"acknowledged"}""");
        Assert.Equal("acknowledged", taken.Text("state")); // in order: so the steer has come
        mesh.Scratch.Write("go", "");
        var written = (await writing.EndAsync()).Done();
        Assert.StartsWith("Session Mesh: a steer from the operator with key ", written.Out, StringComparison.Ordinal);
        Assert.EndsWith($"(directive {steer.Text("directive_id")}).\nDirection: north\n", written.Out, StringComparison.Ordinal);
        Assert.Equal("acknowledged", (await mesh.Http.GetAsync("directives/" + steer.Text("directive_id"))).Text("state"));
        await IsOverAsync("writer");
    }

    [Fact]
    public void Readmes_SayWhatTheDocumentSays()
    {
        var document = Document.Blocks("docs/your-own-agent.md", "csharp");

        Assert.Equal(Document.Blocks("src/SessionMesh.Client/README.md", "csharp")[0], document[0]);
        Assert.StartsWith(document[1], Document.Blocks("src/SessionMesh.Extensions.AI/README.md", "csharp")[0], StringComparison.Ordinal);
    }

    private async Task KillAsync(string id)
    {
        await mesh.Http.DeleteAsync($"agents/{id}?grace=30&wait=30");
        await IsOverAsync(id);
    }

    private Task<Answer> IsOverAsync(string id) => mesh.Http.AgentAsync(
        id, row => row.Text("status") == "dead" && row.Json.GetProperty("last_exit").GetProperty("confirmed").GetBoolean(), "is over");

    private async Task PackAsync(params string[] projects)
    {
        foreach (var project in projects)
        {
            await DotnetAsync("pack", Path.Combine(Built.Repository, "src", project), "--no-build", "-c", Built.Configuration, "-o", Feed);
        }

        Assert.Equal(projects.Length, Directory.GetFiles(Feed, "*.nupkg").Length);
    }

    /// <summary>A project of one program and one package. Returns what was built.</summary>
    private async Task<string> BuildAsync(string name, string package, string program, string? more = null)
    {
        var directory = Directory.CreateDirectory(mesh.Scratch.File(name)).FullName;
        mesh.Scratch.Write($"{name}/{name}.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{package}" Version="[{Version(package)}]" />
              </ItemGroup>
            </Project>
            """);
        mesh.Scratch.Write($"{name}/nuget.config", $"""
            <configuration>
              <packageSources><add key="packed" value="{Feed}" /></packageSources>
              <fallbackPackageFolders><add key="restored" value="{Restored}" /></fallbackPackageFolders>
            </configuration>
            """);
        mesh.Scratch.Write($"{name}/Program.cs", program);
        if (more is not null)
        {
            mesh.Scratch.Write($"{name}/Given.cs", more);
        }

        await DotnetAsync("build", directory, "-o", Path.Combine(directory, "out"));
        return Path.Combine(directory, "out", name + ".dll");
    }

    private string Feed => mesh.Scratch.File("feed");

    /// <summary>Where the packages are that others made, since these tests were restored with them.</summary>
    private static string Restored =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(OwnHome, ".nuget", "packages");

    private static string OwnHome =>
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify);

    private string Version(string package) =>
        Path.GetFileNameWithoutExtension(Directory.GetFiles(Feed, package + ".*.nupkg").Single())[(package.Length + 1)..];

    private Started Start(string program) => new(Built.Dotnet, [program], mesh.Environment(), mesh.Scratch.Root);

    /// <summary>With this account's sources of packages, and a folder of its own for what it restores.</summary>
    private async Task DotnetAsync(params string[] arguments)
    {
        var environment = new Dictionary<string, string>(mesh.Scratch.Environment())
        {
            ["HOME"] = OwnHome,
            ["NUGET_PACKAGES"] = mesh.Scratch.File("packages"),
            ["MSBUILDDISABLENODEREUSE"] = "1",
            ["UseSharedCompilation"] = "false",
        };
        using var dotnet = new Started(Built.Dotnet, arguments, environment, mesh.Scratch.Root);
        await Patience.ForAsync(() => dotnet.HasExited, () => $"dotnet {string.Join(' ', arguments)}\n{dotnet.Out}");
        (await dotnet.EndAsync()).Done();
    }
}
