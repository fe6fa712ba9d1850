using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Agents;

/// <summary>Calls about very many agents, and what others notice of them.</summary>
public sealed class FleetTests
{
    [Fact]
    public async Task DryRun_IsAnsweredWhileTheWriterIsBusy()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ""","labels":{"tier":"1"}""");
        await mesh.RegisterAsync("b", more: ""","cluster":"east","labels":{"tier":"1"}""");
        var key = await mesh.MintAsync("""{"scopes":["steer","kill"],"within":["cluster:east"]}""");
        await using (await HeldEngine.HoldAsync(mesh))
        {
            (await mesh.PostAsync("steer", """{"selector":{"label":{"tier":"1"}},"direction":"n","dry_run":true}"""))
                .ShouldBe(200, """{"matched":2,"results":[{"agent_id":"a"},{"agent_id":"b"}]}""");
            (await mesh.DeleteAsync("agents?label=tier%3D1&dry_run=true"))
                .ShouldBe(200, """{"matched":2,"results":[{"agent_id":"a","report":null},{"agent_id":"b","report":null}]}""");
            (await mesh.DeleteAsync("agents?label=tier%3D1&dry_run=true", key))
                .ShouldBe(200, """{"matched":1,"results":[{"agent_id":"b","report":null}]}""");
        }
    }

    [Fact]
    public async Task Steer_BySelector_CountsWhoeverMatchesAtTheCommit()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ""","labels":{"tier":"1"}""");
        var selection = new Selection { Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["tier"] = "1" } };
        var found = selection.Find(mesh.State, null, Core.Steering.SteerMany.Eligible(hold: false));
        await mesh.RegisterAsync("b", more: ""","labels":{"tier":"1"}""");
        await mesh.DeleteAsync("agents/a?force=true");
        var steered = await mesh.Engine.ExecuteAsync(new Core.Steering.SteerMany
        {
            Actor = Actors.Mesh, Selection = selection, Found = found, Expect = 1,
            Message = new() { Verb = Verb.Steer, Direction = "n", Ttl = 60 },
        }, Origin.Mesh);
        Assert.Equal(["b"], steered.Value!.Many.Select(one => one.AgentId));
    }

    /// <summary>Each was revived by a commit of its own, one after the other: 2.3 s for 5,000.</summary>
    [Fact]
    public async Task Heartbeats_OfAFleetThatWasGivenUp_AreQueuedTogether()
    {
        const int Fleet = 1500;
        await using var mesh = await MeshHost.StartAsync();
        var registered = Enumerable.Range(0, Fleet)
            .Select(i => mesh.Engine.ExecuteAsync(
                new RegisterAgent { Actor = Actors.Mesh, AgentId = $"a{i}", Profile = new Profile { Ttl = 60 } }, Origin.Mesh));
        await Task.WhenAll(registered);
        await mesh.Engine.ExecuteAsync(new LoseAll { Actor = Actors.Mesh }, Origin.Mesh);
        Assert.Equal(0, mesh.State.Indexes.With(Liveness.Alive).Count);

        var before = mesh.Revision;
        var http = Request(mesh, $$"""{"agents":[{{string.Join(",", Enumerable.Range(0, Fleet).Select(i => $"\"a{i}\""))}},"nobody"]}""");
        Task beats;
        Task<Outcome<bool>> after;
        await using (await HeldEngine.HoldAsync(mesh))
        {
            beats = mesh.Service<BatchedHeartbeats>().Beat(http);
            after = mesh.Engine.ExecuteAsync(new NoteAdmin { Actor = Actors.Mesh, Operation = "check" }, Origin.Mesh);
        }

        await beats;
        await after;
        http.Response.Body.Position = 0;
        JsonAssert.Same($$"""
            {"epoch":1,"accepted":{{Fleet}},"refused":[{"agent_id":"nobody","code":"agent_not_found"}],"pending":[]}
            """, await new StreamReader(http.Response.Body).ReadToEndAsync());
        Assert.Equal(Fleet, mesh.State.Indexes.With(Liveness.Alive).Count);
        Assert.Equal("admin.requested", await KindAsync(mesh, before + Fleet + 1)); // all of them were queued before it
    }

    [Fact]
    public async Task Heartbeats_AcksOfOneThatIsRefused_AreNotTaken()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?force=true");
        await mesh.RegisterAsync("b");
        await mesh.PostAsync("steer", """{"agent_id":"b","direction":"n"}""");
        (await mesh.PostAsync("heartbeats", """
            {"agents":[{"agent_id":"a","acks":[{"seq":1,"state":"acknowledged"}]},
             {"agent_id":"b","acks":[{"seq":1,"state":"accepted"},{"seq":9,"state":"accepted"}]}]}
            """))
            .ShouldBe(200, """
                {"epoch":1,"accepted":1,"refused":[{"agent_id":"a","code":"tombstoned"}],"pending":["b"],
                 "refused_acks":{"b":[{"seq":9,"code":"directive_not_found","detail":"*"}]}}
                """);
        Assert.Single(mesh.State.Find("a")!.Inbox.Pending);
    }

    /// <summary>The answer listed all that is below each of them: 242 MB for a chain of 3,000.</summary>
    [Fact]
    public async Task Kill_OfALongChainBySelector_AnswersInAFewBytesAnAgent()
    {
        const int Length = 3000;
        await using var mesh = await MeshHost.StartAsync();
        var chain = Enumerable.Range(0, Length).Select(i => mesh.Engine.ExecuteAsync(
            new RegisterAgent
            {
                Actor = Actors.Mesh,
                AgentId = $"a{i}",
                Profile = new Profile { Cluster = "chain", ParentId = i == 0 ? null : $"a{i - 1}", Ttl = 3600 },
            },
            Origin.Mesh));
        await Task.WhenAll(chain);
        var killed = await mesh.DeleteAsync($"agents?cluster=chain&expect={Length}&force=true");
        Assert.Equal(Length, killed.Json["results"]!.AsArray().Count);
        Assert.All(killed.Json["results"]!.AsArray(), result => Assert.Empty(result!["report"]!["descendants"]!.AsArray()));
        Assert.InRange(killed.Text.Length, 0, 250 * Length);
    }

    private static DefaultHttpContext Request(MeshHost mesh, string body)
    {
        var http = new DefaultHttpContext();
        http.Features.Set(mesh.State.Keys.Find(mesh.RootKey[4..16])!);
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        http.Request.ContentType = "application/json";
        http.Response.Body = new MemoryStream();
        return http;
    }

    private static async Task<string> KindAsync(MeshHost mesh, long revision)
    {
        await using var db = mesh.Service<MeshStore>().OpenReader();
        return await db.Changes.Where(c => c.Revision == revision).Select(c => c.Kind).SingleAsync();
    }

    private sealed record LoseAll : Command<bool>
    {
        public override Outcome<bool> Decide(MeshDraft draft)
        {
            for (var number = 0; number < draft.Base.Slots.Count; number++)
            {
                draft.Emit(new AgentLivenessChanged { Subject = draft.AgentAt(number).Id, Liveness = Liveness.Lost });
            }

            return true;
        }
    }
}
