using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hooks;

/// <summary>A mesh, and one session of a coding agent's program whose events are the recorded ones.</summary>
internal sealed class HookedMesh(MeshHost mesh, string program, string session) : IAsyncDisposable
{
    public const string Claude = "claude-code";
    public const string Codex = "codex";

    private const string DefaultSession = "11112222-3333-4444-5555-666677778888";

    /// <summary>
    /// State of a steer in an answer that is not known to be written. Where nodes share a log, it is <c>delivered</c> before that.
    /// </summary>
    public static string Carried { get; } = MeshHost.AllOnPostgres ? "delivered" : "queued";

    public MeshHost Mesh { get; } = mesh;

    /// <summary>The id that its main agent gets.</summary>
    public string Main { get; } = program.Split('-')[0] + "-" + session[..8];

    public static async Task<HookedMesh> StartAsync(string program, string session = DefaultSession) =>
        new(await MeshHost.StartAsync(), program, session);

    public static async Task<HookedMesh> StartAsync(string program, LateAnswers late) =>
        new(await MeshHost.StartAsync(builder => builder.Services.AddSingleton<IStartupFilter>(late)), program, DefaultSession);

    /// <summary>Another session in the same mesh.</summary>
    public HookedMesh Other(string other) => new(Mesh, program, other);

    public static IEnumerable<string> Samples(string of) =>
        Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Hooks", "Samples", of))
            .Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal);

    /// <summary>A recorded event, as one of this session.</summary>
    /// <param name="subAgent">The sub-agent that it is of; null leaves what was recorded.</param>
    /// <param name="change">What is different.</param>
    public string Event(string sample, string? subAgent = null, Action<JsonObject>? change = null)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Hooks", "Samples", program, sample + ".json");
        var happening = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        happening["session_id"] = session;
        if (subAgent is not null)
        {
            happening["agent_id"] = subAgent;
        }

        change?.Invoke(happening);
        return happening.ToJsonString();
    }

    public async Task<Reply> TakeAsync(string sample, string? subAgent = null, Action<JsonObject>? change = null, string query = "")
    {
        var reply = await Mesh.PostAsync($"hooks/{program}{query}", Event(sample, subAgent, change));
        Assert.Equal(200, reply.Status);
        await Mesh.SettleAsync();
        return reply;
    }

    /// <summary>Events that are answered with nothing.</summary>
    public async Task PassAsync(params string[] samples)
    {
        foreach (var sample in samples)
        {
            (await TakeAsync(sample)).ShouldBe(200, "{}");
        }
    }

    /// <summary>Steers it; returns the directive's id.</summary>
    public async Task<string> SteerAsync(string? agent = null, string more = """ "direction":"north","message":"go there" """) =>
        (await Mesh.PostAsync("steer", $$"""{"agent_id":"{{agent ?? Main}}",{{more}}}""")).ShouldBeOk()
            .Json["directive_id"]!.GetValue<string>();

    public async Task<string> StateAsync(string directive) =>
        (await Mesh.GetAsync("directives/" + directive)).Json["state"]!.GetValue<string>();

    /// <summary>What an agent reads of a steer north that says "go there".</summary>
    public string Words(string directive, string? agent = null) =>
        $"Session Mesh: a steer from the operator with key {Mesh.RootKey[4..16]}, sent at {FakeTime.Start:yyyy-MM-dd'T'HH:mm:ss'Z'} to "
        + $"this agent, {agent ?? Main} (directive {directive}).\nDirection: north\nMessage: go there\n";

    public async Task<JsonNode> AgentAsync(string? id = null) => (await Mesh.GetAsync("agents/" + (id ?? Main))).ShouldBeOk().Json;

    /// <summary>Every agent that the mesh knows, <c>id status activity</c>.</summary>
    public async Task<List<string>> AgentsAsync() =>
        [
            .. (await Mesh.GetAsync("agents?filter=all")).Json["sessions"]!.AsArray()
                .Select(row => $"{row!["agent_id"]} {row["status"]} {row["activity"]}".TrimEnd()).Order(StringComparer.Ordinal),
        ];

    public ValueTask DisposeAsync() => Mesh.DisposeAsync();
}
