using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using SessionMesh.Contracts;
using SessionMesh.Server.OpenApi;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Http.Fuzzing;

/// <summary>
/// Whatever is sent, the answer is no 5xx; a refusal is a problem document with a code and a detail; and what was taken breaks nothing
/// later: every read shows it, and a restart finds the same. A failing seed replays with <c>SESSION_MESH_SEED</c>.
/// </summary>
public sealed class FuzzTests
{
    private const int Times = 2000;

    /// <summary>
    /// A body that each route takes, and a path that it has it at. <see cref="EveryRouteWithABody_IsFuzzed"/> holds that none is missing.
    /// </summary>
    private static readonly (string Method, string Route, string Path, string Body)[] s_calls =
    [
        ("POST", "agents", "agents", """
            {"agent_id":"b","parent_id":"a","cluster":"c","specializations":["s","ünï"],"labels":{"env":"prod"},"user":"u","ttl":60,
             "takeover":true}
            """),
        ("POST", "agents/{id}/move", "agents/b/move", """{"parent_id":"a"}"""),
        ("POST", "agents/{id}/exit", "agents/b/exit", """{"incarnation":1,"exit_code":0,"signal":"SIGTERM","reason":"done \\ \" \n"}"""),
        ("POST", "agents/{id}/heartbeat", "agents/a/heartbeat", """
            {"incarnation":1,"activity":"working","load":0.5,"progress":1.5e3,"progress_interval":30,"note":"n",
             "acks":[{"seq":1,"state":"acknowledged","note":"é"}]}
            """),
        ("POST", "heartbeats", "heartbeats",
            """{"agents":["a",{"agent_id":"b","incarnation":1,"load":0.1,"note":"n","acks":[{"seq":1,"state":"rejected"}]}]}"""),
        // To an agent that is not there: a message without returnImmediately waits for one that is.
        ("POST", "agents/{id}/a2a/message:send", "agents/nobody/a2a/message:send", """
            {"message":{"messageId":"m","contextId":"nobody","taskId":"nobody.1.1","role":"ROLE_USER","metadata":{"direction":"d","ttl":60},
             "parts":[{"text":"é","mediaType":"text/plain"},{"data":{"a":[1,null]},"mediaType":"application/json"}]},
             "configuration":{"historyLength":1,"returnImmediately":true}}
            """),
        ("POST", "agents/{id}/a2a/message:stream", "agents/nobody/a2a/message:stream", """
            {"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"t"}]}}
            """),
        ("POST", "agents/{id}/a2a/tasks/{task}:cancel", "agents/b/a2a/tasks/b.1.1:cancel",
            """{"metadata":{"reason":"done","grace":5}}"""),
        ("POST", "hooks/{program}", "hooks/claude-code",
            """{"hook_event_name":"PreToolUse","session_id":"s","agent_id":"t","cwd":"/p","tool_name":"Bash","tool_input":{"a":[1]}}"""),
        ("POST", "registry", "registry", """{"agent_id":"a","specialization":"vision","specializations":["t"],"ttl":3600}"""),
        ("POST", "registry", "registry", """
            {"agent_id":"a","specializations":["t",{"name":"Image//OCR","version":"2","level":80,"capacity":3}]}
            """),
        ("POST", "registry/claim", "registry/claim",
            """{"specialization":"vision","strategy":"spread","cluster":"default","label":{"env":"prod"},"ttl":60,"wait":0}"""),
        ("POST", "registry/claims/{claim_id}/renew", "registry/claims/c-1/renew", """{"ttl":60}"""),
        ("PUT", "links", "links", """{"from":"a","to":"b","kind":"ünï","weight":1.5e3}"""),
        ("POST", "steer", "steer", """
            {"agent_id":"a","direction":"north","message":"go \u00e9 \ud83d\ude00","data":{"a":[1,2,{"b":null}],"c":"é"},"ttl":60,
             "hold":true}
            """),
        ("POST", "steer", "steer", """
            {"selector":{"specialization":"vision","label":{"env":"prod"},"agent_ids":["a","b"]},"verb":"pause","expect":1,"dry_run":false}
            """),
        ("POST", "steers", "steers", """
            {"steers":[{"agent_id":"a","direction":"north","message":"m","data":{"a":1}},
             {"agent_id":"b","verb":"pause","ttl":60,"hold":true}]}
            """),
        ("POST", "agents/{id}/directives/{seq}/ack", "agents/a/directives/1/ack", """{"state":"accepted","note":"n","incarnation":1}"""),
        ("POST", "sessions", "sessions", """{"user":"u","ttl":60,"meta":{"a":"b","é":"ü"}}"""),
        ("POST", "sessions/cleanup", "sessions/cleanup", """{"before":"2026-01-01T00:00:00Z","dry_run":true,"limit":10}"""),
        ("PATCH", "sessions/{id}", "sessions/s", """{"meta":{"a":"b","c":null}}"""),
        ("POST", "sessions/{id}/refresh", "sessions/s/refresh", """{"ttl":60}"""),
        ("POST", "keys", "keys",
            """{"session_key":"ci","ttl":3600,"scopes":["steer","agent:self"],"agent_id":"a","within":["agent:a"],"refresh":false}"""),
        ("POST", "keys/refresh", "keys/refresh", """{"ttl":3600}"""),
        ("POST", "keys/codes", "keys/codes", """{"session_key":"page","ttl":60,"scopes":["mesh:read"],"within":["agent:a"]}"""),
        ("POST", "keys/codes/trade", "keys/codes/trade", """{"code":"0123456789abcdef0123456789abcdef"}"""),
        ("POST", "sessions/import", "sessions/import",
            """{"type":"session","id":"i","user":"u","status":"active","ttl":60,"meta":"""
            + """{"a":"b"},"created_at":"2026-01-01T00:00:00Z","last_access":"2026-01-01T00:00:00Z"}"""),
        ("POST", "admin/new-root", "admin/new-root", """{"keep_children":true}"""),
        ("POST", "admin/restore", "admin/restore", "SQLite format 3\0 and nothing that is one"),
    ];

    public static TheoryData<int> Seeds()
    {
        var given = Environment.GetEnvironmentVariable("SESSION_MESH_SEED");
        return given is null ? [1, Random.Shared.Next()] : [int.Parse(given, CultureInfo.InvariantCulture)];
    }

    [Fact]
    public async Task EveryRouteWithABody_IsFuzzed()
    {
        await using var mesh = await MeshHost.StartAsync();
        var routes = mesh.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<JsonBody>() is not null || e.Metadata.GetMetadata<FileBody>() is { IsAnswer: false })
            .Select(e => $"{e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0]} "
                + $"{e.RoutePattern.RawText![(Routes.Prefix.Length + 1)..]}");
        Assert.Equal(
            routes.Append("POST sessions/import").Distinct().Order(StringComparer.Ordinal),
            s_calls.Select(c => $"{c.Method} {c.Route}").Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task AnyBody_IsAnsweredWithoutA5xx_AndBreaksNothingLater(int seed)
    {
        await using var mesh = await StartAsync();
        var random = new Random(seed);
        var mutator = new Mutator(random);
        for (var i = 0; i < Times; i++)
        {
            var (method, _, path, body) = s_calls[random.Next(s_calls.Length)];
            var bytes = mutator.Mutate(body);
            using var request = mesh.Request(new HttpMethod(method), path, RootKey(mesh));
            request.Content = new ByteArrayContent(bytes);
            if (random.Next(3) == 0)
            {
                request.Headers.TryAddWithoutValidation("Idempotency-Key", $"k-{random.Next(50)}");
            }

            AssertDefined(await mesh.SendAsync(request), () => $"{i} of seed {seed}: {method} {path} {Encoding.Latin1.GetString(bytes)}");
        }

        await AssertWholeAsync(mesh);
    }

    /// <summary>Not part of the fuzz's luck: each place of each body has each of these once.</summary>
    [Theory]
    [InlineData("\\ud800")]
    [InlineData("\\udc00\\ud800")]
    [InlineData("a\\uDBFFb")]
    public async Task LoneSurrogate_WhereverItStands_IsRefusedAsInvalid(string text)
    {
        await using var mesh = await StartAsync();
        var revision = mesh.Revision;

        // An event of a hook is never refused for what is in it: see HookInputTests.
        string[] others = ["sessions/import", "admin/restore", "keys/refresh", "hooks/claude-code"];
        foreach (var (method, _, path, body) in s_calls.Where(c => !others.Contains(c.Path)))
        {
            foreach (var changed in Everywhere(body, text))
            {
                using var request = mesh.Request(new HttpMethod(method), path);
                request.Content = new StringContent(changed);
                var reply = await mesh.SendAsync(request);
                AssertDefined(reply, () => $"{method} {path} {changed}");
                Assert.True(reply.Status == 400, $"{reply.Status} for {method} {path} {changed}");
            }
        }

        Assert.Equal(revision, mesh.Revision);
    }

    [Theory]
    [InlineData("""{"agent_id":"a","direction":"north","data":{"\ud800":1}}""")]
    [InlineData("""{"agent_id":"a","direction":"north","data":["\udfff"]}""")]
    [InlineData("""{"agent_id":"a","direction":"no\ud800rth"}""")]
    [InlineData("""{"agent_id":"a","direction":"north","\ud800":1}""")]
    public async Task LoneSurrogate_IsCalledThat(string body)
    {
        await using var mesh = await StartAsync();
        var reply = (await mesh.PostAsync("steer", body)).ShouldBeRefused(400, "invalid_request");
        Assert.Contains("surrogate", reply.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_WithANul_IsKeptWhole()
    {
        await using var mesh = await StartAsync();
        var issued = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","message":"a\u0000b","data":{"c":"\u0000"}}""");
        var read = (await mesh.GetAsync($"directives/{issued.Json["directive_id"]}")).Json;
        Assert.Equal(("a\0b", "\0"), (read["message"]!.GetValue<string>(), read["data"]!["c"]!.GetValue<string>()));
        await AssertWholeAsync(mesh);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task AnyPathQueryOrHeader_IsAnsweredWithoutA5xx(int seed)
    {
        await using var mesh = await StartAsync();
        var random = new Random(seed);
        string[] odd =
        [
            "%00", "%ff", "%ed%a0%80", "%ud800", "%", "%z", "%2f", "%c0%80", "\u00ff", "\u00e9", "%F0%9F%98%80", "+", "&", "=", "&&", "?",
            "a=b", new string('x', 3000), "-1", "99999999999999999999", "1e9", "%0a", "\u0001", "%0d%0aX:1",
            "d-1", "d-99999999999999999999", "d-0", "s-1", "s-99999999999999999999", "0", "*", "\"1\"", "\"99999999999999999999\"", "\"",
            "W/\"1\"", "\u00c0\u0080", "k",
        ];
        string[] headers =
        [
            "If-Match", "Idempotency-Key", "Last-Event-ID", "Authorization", "X-Request-Id", "Content-Type", "Accept-Encoding", "Origin",
            "If-None-Match", "Range",
        ];
        var routes = mesh.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.StartsWith(Routes.Prefix, StringComparison.Ordinal))
            .Where(e => !e.RoutePattern.RawText!.Contains("/admin/", StringComparison.Ordinal)) // a restore restarts the server
            .Where(e => !e.RoutePattern.RawText!.EndsWith("/events", StringComparison.Ordinal)) // has no end
            .ToList();
        for (var i = 0; i < Times / 2; i++)
        {
            var route = routes[random.Next(routes.Count)];
            var method = route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0];
            var path = string.Join('/', route.RoutePattern.RawText!.Split('/')
                .Select(part => !part.StartsWith('{') ? part : random.Next(2) == 0 ? "a" : Odd()));
            string[] names = [.. route.Metadata.GetOrderedMetadata<QueryParameter>().Select(q => q.Name).Where(n => n != "wait"), Odd()];
            var pairs = Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"{names[random.Next(names.Length)]}={Odd()}");
            var query = random.Next(2) == 0 ? "" : "?" + string.Join('&', pairs);
            var more = random.Next(2) == 0 ? "" : $"{headers[random.Next(headers.Length)]}: {Odd()}\r\n";
            var request = $"{method} {path}{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {mesh.RootKey}\r\n"
                + $"Connection: close\r\nContent-Length: 2\r\n{more}\r\n{{}}";
            var answer = await SendAsync(mesh, request);
            Assert.True(
                answer.Length == 0 || answer[.."HTTP/1.1 2".Length] is "HTTP/1.1 2" or "HTTP/1.1 4",
                $"{i} of seed {seed}: {answer} for {request}");
        }

        await AssertWholeAsync(mesh);

        string Odd() => odd[random.Next(odd.Length)];
    }

    private static async Task<MeshHost> StartAsync()
    {
        var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "0"]);
        await mesh.RegisterAsync("a", ttl: 86_400, more: ",\"specializations\":[\"vision\"],\"labels\":{\"env\":\"prod\"}");
        await mesh.RegisterAsync("b", ttl: 86_400);
        await mesh.PostAsync("sessions", """{"id":"s"}""");
        await mesh.SteerAsync("a");
        return mesh;
    }

    /// <summary>As it is by now: one of the calls replaces it.</summary>
    private static string RootKey(MeshHost mesh) => File.ReadAllText(mesh.Service<DataDirectory>().RootKeyFile).Trim();

    private static void AssertDefined(Reply reply, Func<string> what)
    {
        Assert.True(reply.Status < 500, $"{reply.Status} {reply.Text} for {what()}");
        if (reply.Status >= 400 && reply.Headers["Content-Type"] == "application/a2a+json")
        {
            var error = reply.Json["error"]!;
            Assert.True(error["code"]!.GetValue<int>() == reply.Status, $"{reply.Text} for {what()}");
            Assert.True(error["status"]!.GetValue<string>().Length * error["message"]!.GetValue<string>().Length > 0, what());
        }
        else if (reply.Status >= 400)
        {
            Assert.True(reply.Headers["Content-Type"] == "application/problem+json", what());
            var problem = reply.Json;
            var (status, code, detail) =
                (problem["status"]!.GetValue<int>(), problem["code"]!.GetValue<string>(), problem["detail"]!.GetValue<string>());
            Assert.True(status == reply.Status && code.Length > 0 && detail.Length > 0, $"{reply.Text} for {what()}");
        }
    }

    /// <summary>
    /// Every read answers in JSON that can be read to its last text, the store is what memory is, and nothing failed on the way.
    /// </summary>
    private static async Task AssertWholeAsync(MeshHost mesh)
    {
        foreach (var path in new[]
        {
            "agents?filter=all&limit=1000", "alive?kind=all&limit=1000", "registry", "sessions?limit=1000", "sessions/stats",
            "keys?limit=1000",
            "audit?limit=1000", "agents/a/directives", "agents/a/directives/history?limit=1000",
        })
        {
            var reply = await mesh.GetAsync(path, RootKey(mesh));
            Assert.True(reply.Status == 200, reply.Text);
            ReadAll(reply.Json);
        }

        await mesh.SettleAsync();
        Assert.Equal(Projection.OfMemory(mesh.State), Projection.OfMemory(Projection.Reloaded(mesh.Service<MeshStore>())));
        Assert.DoesNotContain(mesh.Log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
        Assert.DoesNotContain(mesh.Log.Lines, line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    private static void ReadAll(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (_, value) in members)
                {
                    ReadAll(value);
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    ReadAll(item);
                }

                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                Assert.DoesNotContain(value.GetValue<string>().EnumerateRunes(), rune => rune == Rune.ReplacementChar);
                break;
        }
    }

    /// <summary>
    /// The body with the text put after each of its quotes in turn: into every name and every value, or between them, where it is no JSON.
    /// </summary>
    private static IEnumerable<string> Everywhere(string body, string text)
    {
        for (var at = body.IndexOf('"', StringComparison.Ordinal); at >= 0; at = body.IndexOf('"', at + 1))
        {
            yield return body.Insert(at + 1, text);
        }
    }

    private static async Task<string> SendAsync(MeshHost mesh, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(mesh.Address.Host, mesh.Address.Port);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
            return await new StreamReader(stream, Encoding.Latin1).ReadToEndAsync().WaitAsync(Eventually.Bound);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
