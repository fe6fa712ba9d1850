using Bunit;
using SessionMesh.Contracts.Agents;
using SessionMesh.Dashboard.Layout;
using SessionMesh.Dashboard.Tests.Support;

namespace SessionMesh.Dashboard.Tests.Agents;

/// <summary>Acting on all that a list is narrowed to, by one request.</summary>
public sealed class MatchingTests
{
    [Theory]
    [InlineData("Pause", "pause")]
    [InlineData("Resume", "resume")]
    [InlineData("Steer", "steer")]
    [InlineData("Kill", "stop")]
    public async Task All_ThatMatch_AreReachedByOneRequest_AndNobodyElse(string act, string verb)
    {
        await using var host = await AgentsTabTests.StartAsync("mesh:read", "steer", "kill");
        var page = await SelectAsync(host, "cluster=blue", 2);
        await OpenAsync(page, act, act == "Steer" ? "Steer 2 agents" : act + " 2 agents?");
        Assert.Contains("cluster blue", page.Find("dialog").TextContent, StringComparison.Ordinal);
        await ConfirmAsync(page, act);
        page.WaitForAssertion(() => Assert.Contains("requested of 2 agents", page.Find(".said").TextContent, StringComparison.Ordinal));
        var call = act == "Kill" ? "DELETE /api/session-mesh/agents" : "POST /api/session-mesh/steer";
        Assert.Equal([call, call], host.Writes); // the count, and the act
        foreach (var (id, isMeant) in ((string, bool)[])[("a", true), ("c", true), ("d", false)])
        {
            var directives = (await host.Root.HistoryAsync(id)).Directives;
            Assert.Equal(isMeant ? [verb] : [], directives.Select(directive => directive.Verb));
        }
    }

    /// <summary>The person confirmed a count, and it changed: nothing is done before they confirm the new one.</summary>
    [Theory]
    [InlineData("Pause")]
    [InlineData("Steer")]
    [InlineData("Kill")]
    public async Task Count_ThatChanged_IsShown_AndConfirmedAnew(string act)
    {
        await using var host = await AgentsTabTests.StartAsync("mesh:read", "steer", "kill");
        var page = await SelectAsync(host, "cluster=blue", 2);
        var mark = act == "Steer" ? "" : "?";
        await OpenAsync(page, act, $"{act} 2 agents{mark}");
        await host.Root.RegisterAsync(AgentsTabTests.Agent("e", null, "blue", null, "other"));
        await ConfirmAsync(page, act);
        page.WaitForAssertion(() => Assert.StartsWith(
            "Refused: The selector matches 3 agents, not 2. Nothing was sent.", page.Find("dialog [role=alert]").TextContent,
            StringComparison.Ordinal));
        page.WaitForAssertion(() => Assert.Equal($"{act} 3 agents{mark}", page.Find("dialog h2").TextContent));
        Assert.Empty((await host.Root.HistoryAsync("a")).Directives);
        await ConfirmAsync(page, act);
        page.WaitForAssertion(() => Assert.Contains("requested of 3 agents", page.Find(".said").TextContent, StringComparison.Ordinal));
        Assert.Single((await host.Root.HistoryAsync("e")).Directives);
    }

    /// <summary>Some that are listed are dead: the count to confirm is of those that can take it.</summary>
    [Fact]
    public async Task Count_IsOfThoseThatCanTakeIt()
    {
        await using var host = await AgentsTabTests.StartAsync("mesh:read", "steer", "kill");
        await host.Root.ExitAsync("c", new ExitRequest { Incarnation = 1, ExitCode = 0 });
        var page = await SelectAsync(host, "cluster=blue", 2);
        await OpenAsync(page, "Pause", "Pause 1 agent?");
        await ConfirmAsync(page, "Pause");
        page.WaitForAssertion(() => Assert.Equal("pause requested of 1 agent.", page.Find(".said").TextContent));
    }

    [Fact]
    public async Task Nobody_IsLeft_AndNothingIsAsked()
    {
        await using var host = await AgentsTabTests.StartAsync("mesh:read", "steer", "kill");
        var page = await SelectAsync(host, "label=env%3Dprod", 1);
        await host.Root.ExitAsync("a", new ExitRequest { Incarnation = 1, ExitCode = 0 });
        await page.PressAsync("Kill", ".acts");
        page.WaitForAssertion(() => Assert.Equal("None of them is left to stop.", page.Find(".said").TextContent));
        Assert.Empty(page.FindAll("dialog"));
    }

    [Fact]
    public async Task Filter_ThatASelectorCannotSay_IsNamed_AndRowsAreOffered()
    {
        await using var host = await AgentsTabTests.StartAsync();
        var page = host.Open("/?tab=agents&cluster=blue&q=a");
        page.WaitForAssertion(() => Assert.Contains(
            "All that match cannot be selected in one request: it cannot say the search. Choose rows instead, 1,000 at most.", page.Markup,
            StringComparison.Ordinal));
        Assert.DoesNotContain(page.FindAll("button"), button => button.TextContent.StartsWith("Select all", StringComparison.Ordinal));
        await page.PressAsync("Choose all shown");
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll(".acts")));
    }

    /// <summary>Back, or another filter: what was selected is not what is shown any more.</summary>
    [Fact]
    public async Task Selection_EndsWithItsFilter()
    {
        await using var host = await AgentsTabTests.StartAsync("mesh:read", "steer");
        var page = await SelectAsync(host, "cluster=blue", 2);
        host.Go("/?tab=agents&cluster=red");
        page.WaitForAssertion(() => Assert.Equal(["b", "d"], AgentsTabTests.Rows(page)));
        page.WaitForAssertion(() => Assert.Empty(page.FindAll(".acts")));
    }

    private static async Task<IRenderedComponent<Home>> SelectAsync(PageHost host, string query, int count)
    {
        var page = host.Open("/?tab=agents&" + query);
        page.WaitForAssertion(() => Assert.Equal(count, AgentsTabTests.Rows(page).Count));
        await page.PressAsync($"Select all {count} that match");
        page.WaitForAssertion(() => Assert.Contains("all that match selected", page.Find(".chosen").TextContent, StringComparison.Ordinal));
        return page;
    }

    private static async Task OpenAsync(IRenderedComponent<Home> page, string act, string title)
    {
        await page.PressAsync(act, ".acts");
        page.WaitForAssertion(() => Assert.Equal(title, page.Find("dialog h2").TextContent));
    }

    private static async Task ConfirmAsync(IRenderedComponent<Home> page, string act)
    {
        if (act == "Steer")
        {
            await page.OnAsync("#direction", direction => direction.InputAsync("north"));
            await page.OnAsync("dialog form", form => form.SubmitAsync());
        }
        else
        {
            await page.PressAsync(act, "dialog");
        }
    }
}
