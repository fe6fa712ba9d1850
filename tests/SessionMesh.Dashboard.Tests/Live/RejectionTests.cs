using Bunit;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Steering;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.Tests.Support;

namespace SessionMesh.Dashboard.Tests.Live;

/// <summary>A word that an agent rejected needs a person, whether the page was open or not.</summary>
public sealed class RejectionTests
{
    [Fact]
    public async Task Directive_ThatWasRejectedBeforeTheSignIn_NeedsAPerson()
    {
        await using var host = await PageHost.StartAsync();
        await host.RegisterAsync("a");
        await host.RegisterAsync("b");
        await RejectAsync(host, "a");
        await host.SignInAsync(Scopes.MeshRead);
        var page = host.Open("/");
        page.WaitForAssertion(() => Assert.Contains("Rejected a directive 1:", Needs(page), StringComparison.Ordinal));
        Assert.DoesNotContain("b", page.FindAll(".needs button").Select(agent => agent.TextContent));
        await RejectAsync(host, "b"); // while somebody looks
        page.WaitForAssertion(() => Assert.Contains("Rejected a directive 2:", Needs(page), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Directive_ThatAnotherRejected_IsNotSeenBeyondTheReach()
    {
        await using var host = await PageHost.StartAsync();
        await host.RegisterAsync("a");
        await host.RegisterAsync("mine");
        await RejectAsync(host, "a");
        await RejectAsync(host, "mine");
        await host.SignInAsync(new CreateKeyRequest { Scopes = [Scopes.MeshRead], Within = ["agent:mine"] });
        var page = host.Open("/");
        page.WaitForAssertion(() => Assert.Contains("Rejected a directive 1:", Needs(page), StringComparison.Ordinal));
        Assert.Equal(["mine"], page.FindAll(".needs button").Select(agent => agent.TextContent));
    }

    [Fact]
    public void Rejection_IsOverAfterAnHour_AndOfManyTheLastAreKept()
    {
        var time = new MovedTime();
        var rejections = new Rejections(time);
        Assert.False(rejections.Add(Entry("a", time, "directive.issued")));
        Assert.True(rejections.Add(Entry("a", time)));
        time.Advance(Rejections.Kept);
        Assert.True(rejections.Add(Entry("b", time)));
        Assert.Equal(["a", "b"], rejections.Agents().Order());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["b"], rejections.Agents());
        for (var i = 0; i < Rejections.Most; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            rejections.Add(Entry($"c{i}", time));
        }

        Assert.Equal(Rejections.Most, rejections.Agents().Count);
        Assert.DoesNotContain("b", rejections.Agents());
        rejections.Clear();
        Assert.Empty(rejections.Agents());
    }

    private static MeshEvent Entry(string subject, TimeProvider time, string kind = "directive.rejected") =>
        new() { Revision = 1, At = time.GetUtcNow(), Actor = "k", Kind = kind, Subject = subject };

    private static async Task RejectAsync(PageHost host, string id)
    {
        var directive = await host.Root.SteerAsync(new SteerRequest { AgentId = id, Direction = "north" });
        await host.Root.AckAsync(id, directive.Seq, new AckRequest { State = "rejected" });
    }

    private static string Needs(IRenderedComponent<Dashboard.Layout.Home> page) =>
        string.Join(' ', page.FindAll(".needs li").Select(kind => string.Join(' ', kind.TextContent.Split((char[]?)null,
            StringSplitOptions.RemoveEmptyEntries))));

    private sealed class MovedTime : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch.AddDays(1);

        public void Advance(TimeSpan by) => _now += by;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
