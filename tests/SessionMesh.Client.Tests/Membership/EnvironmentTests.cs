namespace SessionMesh.Client.Tests;

/// <summary>The only tests here that change the environment of this process.</summary>
public sealed class EnvironmentTests : IDisposable
{
    private static readonly string[] s_names =
        [MeshClientOptions.UrlVariable, MeshClientOptions.KeyVariable, MeshClientOptions.AgentVariable];

    private readonly List<(string Name, string? Value)> _before =
        [.. s_names.Select(name => (name, Environment.GetEnvironmentVariable(name)))];

    public EnvironmentTests() => Set(null, null, null);

    public void Dispose() => _before.ForEach(one => Environment.SetEnvironmentVariable(one.Name, one.Value));

    [Fact]
    public async Task Connect_WithoutOptions_TakesServerKeyAndParentFromTheEnvironment()
    {
        await using var mesh = await RealMesh.StartAsync();
        await using var top = await MeshAgent.ConnectAsync(new MeshAgentOptions { AgentId = "top", Client = mesh.Options });
        Set(mesh.Url.AbsoluteUri, mesh.RootKey, "top");

        await using var below = await MeshAgent.ConnectAsync();
        await using var beside = await MeshAgent.ConnectAsync(new MeshAgentOptions { Client = mesh.Options });

        Assert.Equal(("top", null), (below.ParentId, beside.ParentId));
    }

    [Fact]
    public void FromEnvironment_WithNothingThere_IsTheLocalServer_AndNoKey()
    {
        var options = MeshClientOptions.FromEnvironment();

        Assert.Equal((new Uri("http://127.0.0.1:7420"), null), (options.BaseUrl, options.Token));
    }

    [Fact]
    public void Options_NeverShowTheKey()
    {
        Set("http://mesh.test:7420", "smk_secret", null);
        var options = MeshClientOptions.FromEnvironment();

        Assert.Equal("MeshClientOptions { BaseUrl = http://mesh.test:7420/ }", options.ToString());
        Assert.DoesNotContain("smk_secret", new MeshAgentOptions { Client = options }.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ftp://mesh.test")]
    public async Task FromEnvironment_WithNoUrl_SaysSo(string url)
    {
        Set(url, "smk_x", null);

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => MeshAgent.ConnectAsync());

        Assert.Equal("SESSION_MESH_URL is no http or https URL", refused.Message);
    }

    private static void Set(params string?[] values)
    {
        foreach (var (name, value) in s_names.Zip(values))
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }
}
