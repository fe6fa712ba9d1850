namespace SessionMesh.Server.Tests.Hooks;

/// <summary>The agent's next event may be here before the server has heard that the answer to the one before was written.</summary>
public sealed class LateAnswerTests
{
    [Fact]
    public async Task Proof_ThatComesBeforeTheAnswerIsKnownToBeWritten_WaitsForThat()
    {
        var late = new LateAnswers();
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude, late);
        await hooked.PassAsync("SessionStart", "UserPromptSubmit", "PreToolUse");
        var directive = await hooked.SteerAsync();

        late.HoldNext();
        using var call = hooked.Mesh.Request(HttpMethod.Post, "hooks/claude-code");
        call.Content = new StringContent(hooked.Event("PostToolUse"));
        Assert.Contains(directive, (await hooked.Mesh.SendAsIsAsync(call)).Text, StringComparison.Ordinal);
        var next = hooked.PassAsync("Stop");
        await Task.WhenAny(next, Task.Delay(300)); // a server that does not wait has taken it by then
        Assert.Equal(HookedMesh.Carried, await hooked.StateAsync(directive));

        late.Release();
        await next;
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }
}
