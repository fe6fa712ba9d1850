using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using OpenTelemetry.Metrics;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Store;
using SessionMesh.Server.Telemetry;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Telemetry;

/// <summary><c>GET /metrics</c>: what is shown, to whom, and what never is.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task Metrics_WithoutAKey_Are401_UnlessTheOptionSaysElse()
    {
        await using var closed = await MeshHost.StartAsync();
        (await closed.GetAsync("~/metrics", "")).ShouldBeProblem(401, "unauthenticated");
        await using var open = await MeshHost.StartAsync(options: "--metrics-anonymous");
        Assert.Equal(200, (await open.GetAsync("~/metrics", "")).Status);
        Assert.Equal(200, (await open.GetAsync("~/metrics")).Status);
        (await open.GetAsync("alive", "")).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(Anonymously(closed).Append("/metrics").Order(StringComparer.Ordinal), Anonymously(open).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Metrics_ForAKeyThatIsForSomeAgents_AreRefused_SinceTheyCountTheOthers()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var limited = await mesh.MintAsync("""{"scopes":["mesh:read"],"within":["agent:a"]}""");
        Assert.Equal(200, (await mesh.GetAsync("alive", limited)).Status);
        var refused = (await mesh.GetAsync("~/metrics", limited)).ShouldBeProblem(403, "outside_reach");
        Assert.Equal(
            "The metrics are about the whole mesh, and this key is for those within agent:a. Use a key with mesh:read that is not limited.",
            refused.Detail);
        await mesh.MintAsync("""{"scopes":["mesh:read"],"session_key":"scraper"}""");
        Assert.Equal(405, (await mesh.PostAsync("~/metrics")).Status);
    }

    [Fact]
    public async Task Beats_LapsesAndAnswers_AreCounted()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", 30);
        await mesh.RegisterAsync("b", 30);
        var before = await Scrape.OfAsync(mesh);
        Assert.Equal(0, before["session_mesh_heartbeats_total{}"]);
        Assert.Equal(0, before["session_mesh_lapses_total{to=\"suspect\"}"]);
        await mesh.PostAsync("agents/a/heartbeat");
        await mesh.PostAsync("heartbeats", """{"agents":["a","b","nobody"]}""");
        await mesh.SteerAsync("a");
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"south"}""");
        await mesh.AdvanceAsync(7);
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"accepted"}""");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        await mesh.AdvanceAsync(63);
        var after = await Scrape.OfAsync(mesh);
        Assert.Equal(3, after["session_mesh_heartbeats_total{}"]);
        Assert.Equal(2, after["session_mesh_lapses_total{to=\"suspect\"}"]);
        Assert.Equal(2, after["session_mesh_lapses_total{to=\"lost\"}"]);
        Assert.Equal(2, after["session_mesh_agents{status=\"lost\"}"]);
        Assert.Equal(0, after["session_mesh_agents{status=\"alive\"}"]);
        Assert.Equal(2, after["session_mesh_directives_total{state=\"queued\"}"]);
        Assert.Equal(1, after["session_mesh_directives_total{state=\"accepted\"}"]);
        Assert.Equal(1, after["session_mesh_directives_total{state=\"acknowledged\"}"]);
        Assert.Equal(7, after["session_mesh_directive_answer_seconds_sum{}"]);
        Assert.Equal(1, after["session_mesh_directive_answer_seconds_count{}"]);
        Assert.Equal(mesh.Revision, after["session_mesh_revision{}"]);
    }

    [Fact]
    public async Task Commands_AreCountedByWhatBecameOfThem()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var steer = """{"agent_id":"a","direction":"north"}""";
        await mesh.PostAsync("steer", steer, idempotencyKey: "1");
        await mesh.PostAsync("steer", steer, idempotencyKey: "1");
        await mesh.PostAsync("steer", """{"agent_id":"b","direction":"north"}""");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"accepted"}""");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"accepted"}""");
        await using (await HeldEngine.HoldAsync(mesh))
        {
            while (mesh.Engine.Queued < MeshEngine.QueueCapacity)
            {
                mesh.Engine.Post(new Nothing { Actor = Actors.Mesh });
            }

            Assert.Equal(503, (await mesh.PostAsync("steer", steer)).Status);
            Assert.Equal(MeshEngine.QueueCapacity, (await Scrape.OfAsync(mesh))["session_mesh_queue_length{}"]);
        }

        // What the mesh posts itself may stand behind a caller's command, so that this is not over when that is.
        await Eventually.True(() => mesh.Engine.Queued == 0, () => $"an empty queue; it has {mesh.Engine.Queued}");
        await mesh.SettleAsync();
        var shown = await Scrape.OfAsync(mesh);
        double? Of(string command, string outcome) => shown[$"session_mesh_commands_total{{command=\"{command}\",outcome=\"{outcome}\"}}"];
        Assert.Equal((1, 1), (Of("steer_agent", "committed"), Of("steer_agent", "replayed")));
        Assert.Equal((1, 1), (Of("steer_agent", "refused"), Of("steer_agent", "busy")));
        Assert.Equal((1, 1, 1), (Of("ack_directive", "committed"), Of("ack_directive", "unchanged"), Of("mint_first_root", "committed")));
        Assert.Equal(0, shown["session_mesh_queue_length{}"]);
        var commits = shown["session_mesh_fsync_duration_seconds_count{}"];
        Assert.Equal(commits, shown["session_mesh_batch_duration_seconds_count{phase=\"commit\"}"]);
        Assert.Equal(shown["session_mesh_batch_commands_count{}"], shown["session_mesh_batch_duration_seconds_count{phase=\"decide\"}"]);
        Assert.True(commits < shown["session_mesh_batch_commands_count{}"], "a batch that changes nothing was committed");
    }

    /// <summary>The page is a promise to whoever writes an alert: every metric, with its type and its labels, and no other.</summary>
    [Fact]
    public async Task Page_NamesEveryMetricThatIsShown_WithItsTypeAndLabels()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", 30);
        await mesh.SteerAsync("a");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        await mesh.GetAsync("agents/nobody");
        await mesh.PostAsync("hooks/codex", "{}");
        await mesh.MintAsync("""{"service":true,"session_key":"scraper","scopes":["mesh:read"]}""");
        var shown = await Scrape.OfAsync(mesh);
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "SessionMesh.sln")))
        {
            directory = directory.Parent;
        }

        var page = await File.ReadAllTextAsync(Path.Combine(directory.FullName, "docs", "metrics.md"));
        var rows = page.Split('\n').Where(line => line.StartsWith("| `session_mesh_", StringComparison.Ordinal))
            .Where(line => mesh.Service<MeshStore>().IsFile || !line.Contains("not on PostgreSQL", StringComparison.Ordinal))
            .Select(line => line.Split('|').Select(cell => cell.Trim().Trim('`')).ToList());
        Assert.Equal(
            shown.Types.Select(type => $"{type.Key} {type.Value} {string.Join("`, `", shown.Labels(type.Key))}").Order(),
            rows.Select(cells => $"{cells[1]} {cells[2]} {cells[3]}").Order());
        foreach (var variable in Otlp.Variables)
        {
            var brief = variable.Replace("OTEL_EXPORTER_OTLP_", "…_", StringComparison.Ordinal);
            Assert.True(
                page.Contains($"`{variable}`", StringComparison.Ordinal) || page.Contains($"`{brief}`", StringComparison.Ordinal),
                variable);
        }

        foreach (var outcome in new[] { "committed", "unchanged", "refused", "replayed", "failed", "busy" })
        {
            Assert.Contains($"`{outcome}`", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Streams_AreCountedWhileTheyAreOpen()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using (await mesh.ListenAsync("agents/a/directives"))
        await using (await mesh.ListenAsync("events"))
        await using (var audit = await mesh.ListenAsync("audit"))
        {
            var open = await Scrape.OfAsync(mesh);
            Assert.All(StreamKind.All, kind => Assert.Equal(1, open[$"session_mesh_streams{{kind=\"{kind}\"}}"]));
        }

        await mesh.StopAsync();
        await mesh.RestartAsync();
        var none = await Scrape.OfAsync(mesh);
        Assert.All(StreamKind.All, kind => Assert.Equal(0, none[$"session_mesh_streams{{kind=\"{kind}\"}}"]));
    }

    [Fact]
    public async Task TwoServersInOneProcess_CountApart()
    {
        await using var one = await MeshHost.StartAsync();
        await using var other = await MeshHost.StartAsync();
        await one.RegisterAsync("a");
        await one.PostAsync("agents/a/heartbeat");
        Assert.Equal(1, (await Scrape.OfAsync(one))["session_mesh_heartbeats_total{}"]);
        Assert.Equal(0, (await Scrape.OfAsync(other))["session_mesh_heartbeats_total{}"]);
        Assert.Equal(0, (await Scrape.OfAsync(other))["session_mesh_agents{status=\"alive\"}"]);
    }

    [Fact]
    public async Task Labels_AreWordsOfTheProgram_AndNothingThatACallerSent()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", """
            {"agent_id":"Odd.agent:7","specializations":["odd/spec"],"labels":{"odd-label":"odd-value"},"cluster":"odd-cluster",
             "user":"odd-user"}
            """);
        await mesh.PostAsync("agents/Odd.agent:7/heartbeat", """{"note":"odd-note","activity":"working"}""");
        const string Steer = """{"agent_id":"Odd.agent:7","direction":"odd-direction","message":"odd-message"}""";
        await mesh.PostAsync("steer", Steer, idempotencyKey: "odd-call");
        await mesh.PostAsync("steer", """{"agent_id":"odd-nobody","direction":"odd-direction"}""");
        await mesh.PostAsync("agents/Odd.agent:7/directives/1/ack", """{"state":"rejected","note":"odd-reason"}""");
        await mesh.PostAsync("sessions", """{"user":"odd-user","meta":{"odd-meta":"odd"}}""");
        await mesh.GetAsync("odd-path?odd-query=1");
        await mesh.GetAsync("~/odd-root");
        await mesh.SendAsync(new HttpMethod("ODD-METHOD"), "alive");
        await mesh.DeleteAsync("agents/Odd.agent:7?force=true&reason=odd-reason");
        using (var host = mesh.Request(HttpMethod.Get, "alive"))
        {
            host.Headers.Host = "odd-host";
            Assert.Equal(421, (await mesh.SendAsync(host)).Status);
        }

        var key = await mesh.MintAsync("""{"session_key":"odd-key","scopes":["steer"]}""");
        await mesh.GetAsync("alive", key);
        await mesh.GetAsync("alive", "odd-token");
        var shown = await Scrape.OfAsync(mesh);
        Assert.DoesNotContain("odd", shown.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(key[4..16], shown.Text, StringComparison.Ordinal);
        var codes = typeof(ErrorCodes)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => (string)f.GetValue(null)!).ToHashSet();
        HashSet<string> met = ["agent_not_found", "host_not_allowed", "unauthenticated", "missing_scope"];
        Assert.Subset(codes, shown.Values("code").ToHashSet());
        Assert.Superset(met, shown.Values("code").ToHashSet());
        var commands = typeof(Command<>).Assembly.GetTypes().Append(typeof(EmptyTurn)).Where(IsCommand)
            .Select(type => JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Name));
        Assert.Subset(commands.ToHashSet(), shown.Values("command").ToHashSet());
        Assert.Equal(Enum.GetValues<Liveness>().Select(l => l.Word()), shown.Values("status"));
        Assert.Equal(Enum.GetValues<DeliveryState>().Select(s => s.Word()), shown.Values("state"));
    }

    [Fact]
    public void WhatIsCountedOnceACall_AllocatesNothing()
    {
        using var provider = OpenTelemetry.Sdk.CreateMeterProviderBuilder().AddMeter(MeshMetrics.MeterName).AddPrometheusExporter().Build();
        var metrics = new MeshMetrics(new Meters());
        void Once()
        {
            metrics.Beat();
            metrics.Refused(ErrorCodes.AgentNotFound);
            metrics.Executed("steer_agent", CommandOutcome.Committed);
        }

        for (var i = 0; i < 1000; i++)
        {
            Once();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Once();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static bool IsCommand(Type type)
    {
        for (var at = type; at is not null; at = at.BaseType)
        {
            if (at.IsGenericType && at.GetGenericTypeDefinition() == typeof(Command<>))
            {
                return true;
            }
        }

        return false;
    }

    private sealed record Nothing : Command<bool>
    {
        public override Outcome<bool> Decide(MeshDraft draft) => true;
    }

    private static IEnumerable<string> Anonymously(MeshHost mesh) =>
        mesh.Service<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(r => r.Metadata.GetMetadata<Anonymous>() is not null).Select(r => r.RoutePattern.RawText!);
}
