using System.Net;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Auth.Limiting;

public sealed class RateLimitTests
{
    [Fact]
    public async Task Key_PastItsBurst_IsRefusedAndToldWhenToComeBack_AndIsServedAgainThen()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "2"]);
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(200, (await mesh.GetAsync("alive", key)).Status);
        }

        for (var i = 0; i < 3; i++)
        {
            var refused = (await mesh.GetAsync("alive", key)).ShouldBeProblem(429, "rate_limited", ",\"retry_after\":1");
            Assert.Equal(
                ("1", "\"key\";q=8;w=4", "\"key\";r=0;t=4"),
                (refused.Headers["Retry-After"], refused.Headers["RateLimit-Policy"], refused.Headers["RateLimit"]));
        }

        mesh.Time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.Equal(429, (await mesh.GetAsync("alive", key)).Status);
        mesh.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(200, (await mesh.GetAsync("alive", key)).Status);
        Assert.Equal(429, (await mesh.GetAsync("alive", key)).Status);
        mesh.Time.Advance(TimeSpan.FromMinutes(10)); // idle time saves up no more than the burst
        Assert.Equal(8, await ServedAsync(mesh, 20, key));
    }

    [Fact]
    public async Task Key_ThatFloods_TakesNothingFromAnother_NorFromTheOperator()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "1"]);
        await mesh.RegisterAsync("a");
        var agent = await mesh.MintAsync("""{"agent_id":"a"}""");
        var operators = await mesh.MintAsync("""{"scopes":["admin"]}""");
        var flooding = await mesh.MintAsync("""{"scopes":["mesh:read","registry:write"]}""");
        Assert.Equal(4, await ServedAsync(mesh, 50, flooding));
        Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat", "{}", agent)).Status);
        Assert.Equal(30, await ServedAsync(mesh, 30, operators));
        Assert.Equal(30, await ServedAsync(mesh, 30, mesh.RootKey));
        Assert.Equal(429, (await mesh.PostAsync("agents/a/heartbeat", "{}", flooding)).Status);
    }

    [Fact]
    public async Task Refusal_ForWantOfAScope_CountsToo()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "1"]);
        var key = await mesh.MintAsync("""{"scopes":["sessions:read"]}""");
        for (var i = 0; i < 4; i++)
        {
            (await mesh.GetAsync("alive", key)).ShouldBeProblem(403, "missing_scope");
        }

        (await mesh.GetAsync("alive", key)).ShouldBeProblem(429, "rate_limited", ",\"retry_after\":1");
    }

    [Fact]
    public async Task Headers_AreSaidWhenTheLimitIsNear_AndNotBefore()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "10"]);
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        for (var left = 39; left >= 0; left--)
        {
            var reply = await mesh.GetAsync("alive", key);
            Assert.Equal(200, reply.Status);
            Assert.Equal(left < 4 ? $"\"key\";r={left};t=4" : null, reply.Headers.GetValueOrDefault("RateLimit"));
            Assert.Equal(left < 4 ? "\"key\";q=40;w=4" : null, reply.Headers.GetValueOrDefault("RateLimit-Policy"));
        }
    }

    [Fact]
    public async Task AllKeysTogether_AreBoundedWhereThatIsAskedFor_ButNotTheOperators()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--global-rate-limit", "2", "--rate-limit", "1"]);
        var keys = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            keys.Add(await mesh.MintAsync("""{"scopes":["mesh:read"]}"""));
        }

        Assert.Equal(4, await ServedAsync(mesh, 50, keys[0])); // what its own limit refuses is not taken from the others
        Assert.Equal(4, await ServedAsync(mesh, 4, keys[1]));
        var refused = (await mesh.GetAsync("alive", keys[2])).ShouldBeProblem(429, "rate_limited", ",\"retry_after\":1");
        Assert.Equal("\"global\";q=8;w=4", refused.Headers["RateLimit-Policy"]);
        Assert.Equal(20, await ServedAsync(mesh, 20, mesh.RootKey));
    }

    [Fact]
    public async Task WithoutAValidKey_AnAddressIsBounded_AndAValidKeyFromThereIsNot()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--anonymous-rate-limit", "2"]);
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        var asked = new[]
        {
            ("alive", "smk_x", 401),
            ("~/livez", "", 200),
            ("~/openapi/v1.json", "", 200),
            ("~/swagger/index.html", "", 200),
            ("nothing", "", 404),
            ("~/nothing", "", 404),
            ($"alive?key={key}", "", 401),
            ("alive", "", 401),
        };
        foreach (var (path, with, status) in asked)
        {
            Assert.Equal(status, (await mesh.GetAsync(path, with)).Status);
        }

        foreach (var (path, with, _) in asked)
        {
            var refused = (await mesh.GetAsync(path, with)).ShouldBeProblem(429, "rate_limited", ",\"retry_after\":1");
            Assert.Equal(
                ("1", "\"address\";q=8;w=4", "\"address\";r=0;t=4"),
                (refused.Headers["Retry-After"], refused.Headers["RateLimit-Policy"], refused.Headers["RateLimit"]));
        }

        // Who says that he is somebody else is still the same.
        using var disguised = mesh.Request(HttpMethod.Get, "~/livez", "");
        disguised.Headers.TryAddWithoutValidation("X-Forwarded-For", "203.0.113.9");
        disguised.Headers.TryAddWithoutValidation("Forwarded", "for=203.0.113.9");
        Assert.Equal(429, (await mesh.SendAsync(disguised)).Status);
        Assert.Equal(20, await ServedAsync(mesh, 20, key));
        mesh.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(401, (await mesh.GetAsync("alive", "")).Status);
        Assert.Equal(200, (await mesh.GetAsync("~/livez", "")).Status);
        Assert.Equal(429, (await mesh.GetAsync("~/livez", "")).Status);
    }

    [Fact]
    public async Task Limits_CanBeSwitchedOff()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "0", "--anonymous-rate-limit", "0"]);
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        Assert.Equal(300, await ServedAsync(mesh, 300, key));
        for (var i = 0; i < 300; i++)
        {
            Assert.Equal(200, (await mesh.GetAsync("~/livez", "")).Status);
        }
    }

    [Fact]
    public void Usages_OfKeysThatAreIdle_AreForgotten()
    {
        var time = new FakeTime();
        var usages = new KeyUsages(time);
        var policy = new RatePolicy("key", 1, time.TimestampFrequency);
        var held = usages.Of("held");
        Assert.True(held.TryHold(1));
        for (var i = 0; i < 50_000; i++)
        {
            Assert.True(usages.Of($"key-{i}").Take(policy, time.GetTimestamp()).Taken);
            time.Advance(TimeSpan.FromMilliseconds(10)); // each is idle again a second later
        }

        Assert.InRange(usages.Count, 1, 8192);
        Assert.Same(held, usages.Of("held"));
    }

    [Fact]
    public void Addresses_AreToldApartUpToABound_AndAWholeNetworkIsOne()
    {
        var time = new FakeTime();
        var buckets = new AddressBuckets(time);
        var policy = new RatePolicy("address", 1, time.TimestampFrequency);
        IPAddress Address(int i) => new(new byte[] { 10, (byte)(i >> 16), (byte)(i >> 8), (byte)i });
        for (var i = 0; i < AddressBuckets.Most; i++)
        {
            Assert.True(buckets.Of(Address(i)).Take(policy, time.GetTimestamp()).Taken);
        }

        var stranger = buckets.Of(Address(AddressBuckets.Most));
        Assert.Same(stranger, buckets.Of(Address(AddressBuckets.Most + 1)));
        Assert.Equal(AddressBuckets.Most, buckets.Count);
        Assert.NotSame(stranger, buckets.Of(Address(0)));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.NotSame(stranger, buckets.Of(Address(AddressBuckets.Most))); // the others are idle by now, and forgotten
        Assert.Equal(1, buckets.Count);

        Assert.Same(buckets.Of(IPAddress.Parse("192.0.2.1")), buckets.Of(IPAddress.Parse("::ffff:192.0.2.1")));
        Assert.Same(buckets.Of(IPAddress.Parse("2001:db8::1")), buckets.Of(IPAddress.Parse("2001:db8::ffff:1")));
        Assert.NotSame(buckets.Of(IPAddress.Parse("2001:db8::1")), buckets.Of(IPAddress.Parse("2001:db8:0:1::1")));
    }

    private static async Task<int> ServedAsync(MeshHost mesh, int count, string key)
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => mesh.GetAsync("alive", key)));
        Assert.All(replies.Select(reply => reply.Status), status => Assert.Contains(status, new[] { 200, 429 }));
        return replies.Count(reply => reply.Status == 200);
    }
}
