using System.Text;
using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Http;

/// <summary>
/// Every bound of <see cref="Limits"/>, at it and past it. (The inbox, key and idempotency bounds are tested beside what they
/// bound; <see cref="Limits_AreAllTestedSomewhere"/> keeps the list.)
/// </summary>
public sealed class LimitTests(LimitServer server) : IClassFixture<LimitServer>
{
    private static int s_next;
    private readonly MeshHost _mesh = server.Mesh;

    /// <summary>Path, a body with $N for the text of so many characters (or the number), the bound, and who is blamed past it.</summary>
    public static TheoryData<string, string, int, string, string> Texts => new()
    {
        { "agents", """{"agent_id":"$T"}""", MeshId.MaxLength, "/agent_id", "idx" },
        { "agents", """{"cluster":"$T"}""", Limits.NameLength, "/cluster", "name" },
        { "agents", """{"user":"$T"}""", Limits.NameLength, "/user", "name" },
        { "agents", """{"specializations":["$T"]}""", Limits.NameLength, "/specializations/0", "name" },
        { "agents", """{"labels":{"k":"$T"}}""", Limits.LabelValueLength, "/labels/k", "name" },
        { "agents", """{"labels":{"$T":"v"}}""", MeshId.MaxLength, "/labels", "id" },
        { "registry", """{"agent_id":"a","specialization":"$T"}""", Limits.NameLength, "/specialization", "name" },
        { "keys", """{"session_key":"$T"}""", Limits.NameLength, "/session_key", "name" },
        { "steer", """{"agent_id":"a","direction":"$T"}""", Limits.DirectionLength, "/direction", "name" },
        { "steer", """{"agent_id":"a","direction":"d","message":"$T"}""", Limits.MessageLength, "/message", "text" },
        { "agents/a/heartbeat", """{"note":"$T"}""", Limits.NoteLength, "/note", "text" },
        { "agents/a/heartbeat", """{"acks":[{"seq":1,"state":"accepted","note":"$T"}]}""", Limits.NoteLength, "/acks/0/note", "text" },
        { "agents/a/directives/1/ack", """{"state":"accepted","note":"$T"}""", Limits.NoteLength, "/note", "text" },
        { "agents/nobody/exit", """{"incarnation":1,"reason":"$T"}""", Limits.NoteLength, "/reason", "text" },
    };

    public static TheoryData<string, string, int, int, string> Numbers => new()
    {
        { "agents", """{"ttl":$N}""", Limits.MinAgentTtl, Limits.MaxAgentTtl, "/ttl" },
        { "registry", """{"agent_id":"a","specialization":"s","ttl":$N}""", Limits.MinAgentTtl, Limits.MaxAgentTtl, "/ttl" },
        { "steer", """{"agent_id":"a","direction":"d","ttl":$N}""", 1, Limits.MaxDirectiveTtl, "/ttl" },
        { "agents/a/heartbeat", """{"progress_interval":$N}""", 0, Limits.MaxAgentTtl, "/progress_interval" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Text_AtItsBoundIsTaken_PastItIsRefused(string path, string body, int most, string pointer, string kind)
    {
        // Ids must differ from test to test; texts may be any characters, and are counted as UTF-16 counts them.
        var text = kind is "idx"
            ? Interlocked.Increment(ref s_next).ToString("D4", null).PadRight(most, 'x')
            : new string(kind is "id" ? 'x' : 'é', most);
        var taken = await _mesh.PostAsync(path, body.Replace("$T", text, StringComparison.Ordinal));
        Assert.True(taken.Status is 200 or 201 or 404, taken.Text);
        (await _mesh.PostAsync(path, body.Replace("$T", text + "x", StringComparison.Ordinal)))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task Number_AtItsBoundsIsTaken_PastThemIsRefused(string path, string body, int low, int high, string pointer)
    {
        foreach (var number in new[] { low, high })
        {
            var taken = await _mesh.PostAsync(path, body.Replace("$N", $"{number}", StringComparison.Ordinal));
            Assert.True(taken.Status is 200 or 201, taken.Text);
        }

        foreach (var number in new[] { low - 1, high + 1 })
        {
            (await _mesh.PostAsync(path, body.Replace("$N", $"{number}", StringComparison.Ordinal)))
                .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
        }
    }

    [Fact]
    public async Task Specializations_SixtyFour_HoweverTheyCame()
    {
        string Names(int count) => string.Join(",", Enumerable.Range(0, count).Select(i => $"\"s{i}\""));
        Assert.Equal(201, (await _mesh.PostAsync("agents", $$"""{"agent_id":"many","specializations":[{{Names(64)}}]}""")).Status);
        (await _mesh.PostAsync("agents", $$"""{"specializations":[{{Names(65)}}]}"""))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/specializations");
        Assert.Equal(200, (await _mesh.PostAsync("registry", """{"agent_id":"many","specialization":"s63"}""")).Status);
        (await _mesh.PostAsync("registry", """{"agent_id":"many","specialization":"s64"}"""))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/specializations");
    }

    [Fact]
    public async Task Labels_SixtyFour()
    {
        string Labels(int count) => string.Join(",", Enumerable.Range(0, count).Select(i => $"\"l{i}\":\"v\""));
        Assert.Equal(201, (await _mesh.PostAsync("agents", $"{{\"labels\":{{{Labels(64)}}}}}")).Status);
        (await _mesh.PostAsync("agents", $"{{\"labels\":{{{Labels(65)}}}}}"))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/labels");
    }

    [Fact]
    public async Task Acks_AThousandAHeartbeat()
    {
        string Acks(int count) =>
            string.Join(",", Enumerable.Range(0, count).Select(i => $"{{\"seq\":{100_000 + i},\"state\":\"accepted\"}}"));
        Assert.Equal(
            1000, (await _mesh.PostAsync("agents/a/heartbeat", $"{{\"acks\":[{Acks(1000)}]}}")).Json["refused_acks"]!.AsArray().Count);
        (await _mesh.PostAsync("agents/a/heartbeat", $"{{\"acks\":[{Acks(1001)}]}}"))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/acks");
    }

    [Fact]
    public async Task Pages_AHundredByDefault_AThousandAtMost()
    {
        await Task.WhenAll(Enumerable.Range(0, 101).Select(i => _mesh.RegisterAsync($"page-{i}", more: ",\"cluster\":\"pages\"")));
        Assert.Equal(Limits.DefaultPage, (await _mesh.GetAsync("alive?cluster=pages")).Json["count"]!.GetValue<int>());
        Assert.Equal(101, (await _mesh.GetAsync($"alive?cluster=pages&limit={Limits.MaxPage}")).Json["count"]!.GetValue<int>());
        (await _mesh.GetAsync($"alive?limit={Limits.MaxPage + 1}"))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("?limit");
        Assert.Equal(1, (await _mesh.GetAsync("alive?limit=1")).Json["count"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("reason", Limits.NoteLength)]
    [InlineData("grace", Limits.MaxGrace)]
    public async Task Kill_Bounds(string parameter, int bound)
    {
        string Value(int n) => parameter == "reason" ? new string('x', n) : $"{n}";
        var id = "kill-" + parameter;
        await _mesh.RegisterAsync(id);
        (await _mesh.DeleteAsync($"agents/{id}?{parameter}={Value(bound + 1)}"))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("?" + parameter);
        Assert.Equal(200, (await _mesh.DeleteAsync($"agents/{id}?{parameter}={Value(bound)}")).Status);
    }

    [Fact]
    public async Task Kill_Grace_IsTenSecondsByDefault()
    {
        await _mesh.RegisterAsync("graceful");
        var deadline = (await _mesh.DeleteAsync("agents/graceful")).Json["deadline"]!.GetValue<DateTimeOffset>();
        Assert.Equal(_mesh.Time.GetUtcNow().AddSeconds(Limits.DefaultGrace), deadline);
    }

    [Fact]
    public async Task Wait_AMinuteAtMost()
    {
        (await _mesh.PostAsync("steer", """{"agent_id":"a","direction":"d","wait":"acknowledged","wait_seconds":61}"""))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("/wait_seconds");
        // An agent of its own: a directive to "a" that another test left may expire on the way, and begin the wait anew.
        await _mesh.RegisterAsync("waits", ttl: Limits.MaxAgentTtl);
        var poll = _mesh.GetAsync($"agents/waits/directives?wait={Limits.MaxWait}");
        await _mesh.Time.ArmedAsync(TimeSpan.FromSeconds(Limits.MaxWait));
        (await _mesh.AdvanceUntilAsync(poll, Limits.MaxWait)).ShouldBe(200, """{"directives":[]}""");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_SixtyFourKiB_AndNotAByteMore(bool chunked)
    {
        foreach (var (size, status) in new[] { (Limits.BodyBytes, 200), (Limits.BodyBytes + 1, 413), (Limits.BodyBytes * 4, 413) })
        {
            using var request = _mesh.Request(HttpMethod.Post, "agents");
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"agent_id":"a","declare":true}""".PadRight(size)));
            request.Headers.TransferEncodingChunked = chunked;
            var reply = await _mesh.SendAsync(request);
            Assert.True(reply.Status == status, $"{size}: {reply.Text}");
            if (status == 413)
            {
                reply.ShouldBeProblem(413, "body_too_large");
            }
        }
    }

    [Fact]
    public async Task Nesting_Sixteen_AndNotOneMore()
    {
        // The body is the first level; data may have fifteen more.
        string Body(int depth) => $$"""{"agent_id":"a","direction":"d","data":{{new string('[', depth)}}{{new string(']', depth)}}}""";
        Assert.Equal(200, (await _mesh.PostAsync("steer", Body(Limits.JsonDepth - 1))).Status);
        var refused = (await _mesh.PostAsync("steer", Body(Limits.JsonDepth))).ShouldBeProblem(400, "invalid_json");
        Assert.Contains("nested deeper than 16", refused.Detail, StringComparison.Ordinal);
        (await _mesh.PostAsync("steer", Body(20_000))).ShouldBeProblem(400, "invalid_json");
        (await _mesh.PostAsync("agents", $$"""{"unknown":{{new string('[', 16)}}{{new string(']', 16)}}}"""))
            .ShouldBeProblem(400, "invalid_json");
    }

    /// <summary>A new limit fails here until somebody has written where it is tested.</summary>
    [Fact]
    public void Limits_AreAllTestedSomewhere()
    {
        string[] here =
        [
            nameof(Limits.BodyBytes), nameof(Limits.JsonDepth), nameof(Limits.DefaultPage), nameof(Limits.MaxPage),
            nameof(Limits.DirectionLength), nameof(Limits.MessageLength), nameof(Limits.NoteLength), nameof(Limits.NameLength),
            nameof(Limits.Specializations), nameof(Limits.Labels), nameof(Limits.LabelValueLength), nameof(Limits.MinAgentTtl),
            nameof(Limits.MaxAgentTtl), nameof(Limits.MaxDirectiveTtl), nameof(Limits.DefaultGrace), nameof(Limits.MaxGrace),
            nameof(Limits.MaxWait),
        ];
        string[] elsewhere =
        [
            nameof(Limits.McpBytes),                                                                    // Mcp/ArgumentTests
            nameof(Limits.Inbox), nameof(Limits.DefaultDirectiveTtl),                                   // SteerTests
            nameof(Limits.Steers), nameof(Limits.SteersBytes), nameof(Limits.InboxAnswer),              // SteersTests, LargeMessageTests
            nameof(Limits.DefaultAgentTtl), nameof(Limits.DefaultRegistryTtl),                          // RegistrationTests, RegistryTests
            nameof(Limits.DefaultKeyTtl), nameof(Limits.MinKeyTtl), nameof(Limits.MaxKeyTtl),           // MintTests
            nameof(Limits.KeyDepth), nameof(Limits.KeysPerKey), nameof(Limits.KeysPerAgentKey),         // KeyQuotaTests
            nameof(Limits.AgentsPerKey), nameof(Limits.AgentsPerAgentKey), nameof(Limits.ReachClauses), // KeyQuotaTests
            nameof(Limits.RefreshTokenTtl),                                                             // RefreshTests
            nameof(Limits.SignInCodeTtl), nameof(Limits.SignInCodes), nameof(Limits.SignInCodesPerKey), // SignInCodeTests
            nameof(Limits.DefaultServiceKeyTtl), nameof(Limits.MaxServiceKeyTtl),                       // ServiceKeyTests
            nameof(Limits.ServiceKeys), nameof(Limits.ServiceKeyNotice),                                // ServiceKeyTests
            nameof(Limits.DefaultSessionTtl), nameof(Limits.MaxSessionTtl),                             // SessionLimitTests
            nameof(Limits.SessionMetaBytes), nameof(Limits.SessionMetaKeyLength),                       // SessionLimitTests
            nameof(Limits.CleanupMatches),                                                              // SessionLimitTests
            nameof(Limits.ImportLineBytes), nameof(Limits.ImportChunk),                                 // ImportTests
            nameof(Limits.ImportSkipsListed),                                                           // ImportTests
            nameof(Limits.IdempotencyKeyLength), nameof(Limits.IdempotencyHours),                       // IdempotencyTests
            nameof(Limits.ReceiptsPerKey), nameof(Limits.ReceiptsPerAgentKey),                          // ReceiptBoundTests
            nameof(Limits.ReceiptBytesPerKey), nameof(Limits.ReceiptBytesPerAgentKey),                  // ReceiptBoundTests, ReceiptTests
            nameof(Limits.RestoreBytes),                                                                // RestoreTests
            nameof(Limits.SelectorIds), nameof(Limits.SelectorMatches),                                 // SelectorTests
            nameof(Limits.ListLooks),                                                                   // LongSearchTests
            nameof(Limits.SpecializationParts), nameof(Limits.DefaultSkillLevel), nameof(Limits.MaxSkillLevel), // SkillTests
            nameof(Limits.MaxCapacity),                                                                 // SkillTests
            nameof(Limits.DefaultClaimTtl), nameof(Limits.MinClaimTtl), nameof(Limits.MaxClaimTtl),     // ClaimTests
            nameof(Limits.Claims), nameof(Limits.ClaimsPerAccount), nameof(Limits.Matches),             // ClaimQuotaTests, MatchTests
            nameof(Limits.Links), nameof(Limits.LinksPerAccount),                                       // LinkQuotaTests
            nameof(Limits.LinksFromAgent), nameof(Limits.LinksToAgent), nameof(Limits.MaxLinkWeight),   // LinkQuotaTests, LinkTests
            nameof(Limits.TopologyLinks),                                                               // LinkTests
            nameof(Limits.StreamsPerAgentKey),                                                          // HeldAnswerTests
            nameof(Limits.EventWords),                                                                  // EventFilterTests
            nameof(Limits.Faults), nameof(Limits.FaultDelay), nameof(Limits.FaultCount),                // FaultSettingTests
            nameof(Limits.AdvanceSeconds), nameof(Limits.AdvanceDays),                                  // AdvanceTests
        ];
        Assert.Equal(typeof(Limits).GetFields().Select(f => f.Name).Order(), here.Concat(elsewhere).Order());
    }
}

/// <summary>One server for all limits: an agent <c>a</c> with a long lease and a directive.</summary>
public sealed class LimitServer : IAsyncLifetime
{
    internal MeshHost Mesh { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Mesh = await MeshHost.StartAsync();
        await Mesh.RegisterAsync("a", ttl: 86_400);
        await Mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
    }

    public async Task DisposeAsync() => await Mesh.DisposeAsync();
}
