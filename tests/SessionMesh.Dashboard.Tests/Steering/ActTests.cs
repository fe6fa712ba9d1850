using System.Net;
using Bunit;
using SessionMesh.Contracts.Agents;
using SessionMesh.Dashboard.Steering;
using SessionMesh.Dashboard.Tests.Support;

namespace SessionMesh.Dashboard.Tests.Steering;

public sealed class ActTests
{
    [Theory]
    [InlineData("Steer", "steer")]
    [InlineData("Pause", "steer")]
    [InlineData("Resume", "steer")]
    [InlineData("Kill", "kill")]
    public async Task Act_WithAKeyThatMayNot_IsRefused_AndSaysWhichScopeIsMissing(string act, string scope)
    {
        await using var host = await PageHost.StartAsync();
        await host.RegisterAsync("a");
        await host.SignInAsync("mesh:read");
        var bar = host.Page.Render<ActBar>(parameters => parameters.Add(bar => bar.Targets, new Targets(["a"])));
        Button(bar, act).Click();
        if (act == "Steer")
        {
            bar.Find("#direction").Input("north");
            await bar.Find("dialog form").SubmitAsync();
        }
        else
        {
            await bar.PressAsync(act, "dialog");
        }

        bar.WaitForAssertion(() => Assert.Contains(
            $"Refused: This key lacks the scope {scope}.", bar.Find(act == "Steer" ? "[role=alert]" : "[role=status]").TextContent,
            StringComparison.Ordinal));
        Assert.Empty((await host.Root.HistoryAsync("a")).Directives);
    }

    [Fact]
    public async Task Steer_OfOne_IsRequested_UntilItIsAcknowledged()
    {
        await using var host = await PageHost.StartAsync();
        await host.RegisterAsync("a");
        await host.SignInAsync("mesh:read", "steer");
        var bar = host.Page.Render<ActBar>(parameters => parameters.Add(bar => bar.Targets, new Targets(["a"])));
        Button(bar, "Steer").Click();
        await bar.Find("dialog form").SubmitAsync();
        Assert.Equal("Say a direction, or write a message.", bar.Find("[role=alert]").TextContent);
        bar.Find("#direction").Input(" north ");
        bar.Find("#message").Input("<b>now</b>");
        await bar.Find("dialog form").SubmitAsync();
        bar.WaitForAssertion(() => Assert.Equal("steer requested of a: queued.", bar.Find("[role=status]").TextContent));
        Assert.Empty(bar.FindAll("dialog"));
        var directive = Assert.Single((await host.Root.HistoryAsync("a")).Directives);
        Assert.Equal(("north", "<b>now</b>"), (directive.Direction, directive.Message));
    }

    [Fact]
    public async Task Kill_NamesWhoGoesWithIt_AndIsNotConfirmedByItself()
    {
        await using var host = await PageHost.StartAsync();
        await host.RegisterAsync("a");
        await host.RegisterAsync("b", parent: "a");
        await host.RegisterAsync("c", parent: "b");
        await host.SignInAsync("mesh:read", "kill");
        var bar = host.Page.Render<ActBar>(parameters => parameters.Add(bar => bar.Targets, new Targets(["a"])));
        Button(bar, "Kill").Click();
        bar.WaitForAssertion(() => Assert.Equal(["b", "c"], bar.FindAll("dialog .name").Select(name => name.TextContent)));
        Button(bar, "Kill", "dialog ").Click();
        bar.WaitForAssertion(() => Assert.Equal(
            "kill requested of a, with 2 below it: stopping, not confirmed yet.", bar.Find("[role=status]").TextContent));
        Assert.Equal("stopping", (await host.Root.AgentAsync("c")).Status);
    }

    /// <summary>Who was below was left out of the dialog, and stopped nevertheless.</summary>
    [Fact]
    public async Task Kill_ThatCannotNameWhoIsBelow_SaysSo_AndLeavesThemAlone()
    {
        await using var host = await PageHost.StartAsync();
        await host.RegisterAsync("a");
        await host.RegisterAsync("b", parent: "a");
        await host.SignInAsync("kill");
        var bar = host.Page.Render<ActBar>(parameters => parameters.Add(bar => bar.Targets, new Targets(["a"])));
        Button(bar, "Kill").Click();
        bar.WaitForAssertion(() => Assert.Equal("Who is below it could not be read.", bar.Find("dialog [role=alert]").TextContent));
        await bar.PressAsync("Kill", "dialog");
        bar.WaitForAssertion(() => Assert.StartsWith(
            "kill requested of a, not of the 1 below it:", bar.Find("[role=status]").TextContent, StringComparison.Ordinal));
        Assert.Equal("alive", (await host.Root.AgentAsync("b")).Status);
    }

    /// <summary>The ended go with nobody, and a count that stops at a page is no count.</summary>
    [Fact]
    public async Task Kill_NamesThoseAlone_WhoStillRun()
    {
        await using var host = await PageHost.StartAsync();
        await host.RegisterAsync("a");
        await host.RegisterAsync("b", parent: "a");
        await host.RegisterAsync("c", parent: "a");
        await host.Root.ExitAsync("c", new ExitRequest { Incarnation = 1, ExitCode = 0 });
        await host.SignInAsync("mesh:read", "kill");
        var bar = host.Page.Render<ActBar>(parameters => parameters.Add(bar => bar.Targets, new Targets(["a"])));
        Button(bar, "Kill").Click();
        bar.WaitForAssertion(() => Assert.Equal("b", Assert.Single(bar.FindAll("dialog .name")).TextContent));
    }

    /// <summary>Without an answer nobody knows whether it was done: that is no refusal.</summary>
    [Fact]
    public async Task Act_WithoutAnAnswer_IsNotSaidToBeRefused()
    {
        await using var host = await PageHost.StartAsync();
        await host.RegisterAsync("a");
        await host.SignInAsync("mesh:read", "steer");
        var bar = host.Page.Render<ActBar>(parameters => parameters.Add(bar => bar.Targets, new Targets(["a"])));
        Button(bar, "Pause").Click();
        host.Instead = HttpStatusCode.BadGateway;
        await bar.PressAsync("Pause", "dialog");
        bar.WaitForAssertion(() => Assert.StartsWith(
            "It is not known whether it was done: ", bar.Find("[role=status]").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_AreActedOnTogether_AndOnesThatAreRefusedAreCounted()
    {
        await using var host = await PageHost.StartAsync();
        foreach (var id in (string[])["a", "b", "c"])
        {
            await host.RegisterAsync(id);
        }

        await host.SignInAsync("mesh:read", "steer", "kill");
        var bar = host.Page.Render<ActBar>(parameters => parameters.Add(bar => bar.Targets, new Targets(["a", "b"])));
        await Button(bar, "Pause").ClickAsync();
        Button(bar, "Pause", "dialog ").Click();
        bar.WaitForAssertion(() => Assert.Equal("pause requested of 2 agents.", bar.Find("[role=status]").TextContent));
        Assert.Empty((await host.Root.HistoryAsync("c")).Directives);
        await Button(bar, "Kill").ClickAsync();
        Button(bar, "Kill", "dialog ").Click();
        bar.WaitForAssertion(() => Assert.Equal("kill requested of 2 agents; 0 confirmed so far.", bar.Find("[role=status]").TextContent));
    }

    private static AngleSharp.Dom.IElement Button(IRenderedComponent<ActBar> bar, string name, string within = ".acts ") =>
        bar.FindAll(within + "button").Single(button => button.TextContent.Trim() == name);
}
