using SessionMesh.Server.Tests.Hooks;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Nodes;

/// <summary>Hooks at one node, and an operator at another.</summary>
public sealed class HookedNodesTests
{
    /// <summary>The answer is on its way, and nobody has said that it was written.</summary>
    [Fact]
    public async Task Cancel_AtTheOtherNode_OfASteerThatAnAnswerCarries_IsRefused()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        var hooked = new HookedMesh(one, HookedMesh.Claude, "11112222-3333-4444-5555-666677778888");
        await hooked.PassAsync("SessionStart", "UserPromptSubmit", "PreToolUse");
        var directive = (await two.SteerAsync(hooked.Main)).Json["directive_id"]!.GetValue<string>();
        var told = await hooked.TakeAsync("PostToolUse", query: "?receipt=true");
        Assert.Contains(directive, told.Text, StringComparison.Ordinal);
        (await two.DeleteAsync($"directives/{directive}")).ShouldBeRefused(409, "already_delivered");
    }

    [Fact]
    public async Task Cancel_AtTheOtherNode_OfASteerThatWakesASession_IsRefused()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        var hooked = new HookedMesh(one, HookedMesh.Claude, "11112222-3333-4444-5555-666677778888");
        await hooked.PassAsync("SessionStart", "UserPromptSubmit", "Stop");
        var wake = hooked.TakeAsync("Stop", query: "?wake=50&receipt=true");
        var directive = (await two.SteerAsync(hooked.Main)).Json["directive_id"]!.GetValue<string>();
        Assert.Contains(directive, (await wake).Json["words"]!.GetValue<string>(), StringComparison.Ordinal);
        (await two.DeleteAsync($"directives/{directive}")).ShouldBeRefused(409, "already_delivered");
    }

    /// <summary>A directive whose cancel is answered on one node is in no answer of another.</summary>
    [Fact]
    public async Task CancelAndHook_AtOnce_DoNotBothHaveADirective()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        var hooked = new HookedMesh(one, HookedMesh.Claude, "11112222-3333-4444-5555-666677778888");
        await hooked.PassAsync("SessionStart", "UserPromptSubmit", "PreToolUse");
        for (var i = 0; i < 30; i++)
        {
            var directive = (await two.SteerAsync(hooked.Main)).Json["directive_id"]!.GetValue<string>();
            var told = hooked.TakeAsync("PostToolUse", query: "?receipt=true");
            var cancel = await two.DeleteAsync($"directives/{directive}");
            Assert.Equal(cancel.Status == 409, (await told).Text.Contains(directive, StringComparison.Ordinal));
        }
    }
}
