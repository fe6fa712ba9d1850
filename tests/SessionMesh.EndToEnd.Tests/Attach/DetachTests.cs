using System.Globalization;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Attach;

/// <summary><c>attach --detach</c>: the real tool in the background.</summary>
public sealed class DetachTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const int Kill = 9;

    [Fact]
    public async Task Detached_HoldsNothingOfTheCaller_AndEndsWithTheProcess()
    {
        using var sleeper = new Started("sleep", ["1000"], mesh.Environment(), mesh.Scratch.Root);

        // The pipe closes as soon as the command has ended, with a descriptor of the caller's own beside it.
        var ran = await mesh.DoneAsync(
            $"session-mesh attach --pid {sleeper.Pid} --agent-id detached --detach -o json 2>&1 3>&1 | cat");
        var watcher = ran.Json.GetProperty("watcher_pid").GetInt32();
        Members.Equal(
            $$"""{"agent_id":"detached","incarnation":1,"pid":{{sleeper.Pid}},"watcher_pid":{{watcher}}}""", ran.Json);
        Assert.True(IsAlive(watcher));
        Assert.Equal("/", new FileInfo($"/proc/{watcher}/cwd").LinkTarget);
        foreach (var descriptor in Directory.EnumerateFileSystemEntries($"/proc/{watcher}/fd"))
        {
            var target = new FileInfo(descriptor).LinkTarget;
            Assert.False(Path.GetFileName(descriptor) is "0" or "1" or "2" && target != "/dev/null", $"{descriptor} -> {target}");
        }

        Assert.Equal("alive", (await mesh.Http.GetAsync("agents/detached")).Text("status"));
        sleeper.Send(Kill);
        await Eventually.True(() => !IsAlive(watcher), () => "the watcher has ended");
        var agent = await mesh.Http.GetAsync("agents/detached");
        Assert.Equal("dead", agent.Text("status"));
        Assert.True(agent.Json.GetProperty("last_exit").GetProperty("confirmed").GetBoolean());
    }

    [Fact]
    public async Task WatcherThatWasKilled_IsFollowedByTheNext_InTheSameLife()
    {
        using var sleeper = new Started("sleep", ["1000"], mesh.Environment(), mesh.Scratch.Root);
        var first = await WatcherOfAsync(sleeper.Pid, "--agent-id followed");
        Signal.Send(first, Kill);
        await Eventually.True(() => !IsAlive(first), () => "the watcher is gone");
        Assert.False(sleeper.HasExited);
        var second = await WatcherOfAsync(sleeper.Pid, "");
        Assert.NotEqual(first, second);
        Assert.Equal(1, (await mesh.Http.GetAsync("agents/followed")).Json.GetProperty("incarnation").GetInt32());
        var killed = await mesh.DoneAsync("session-mesh kill followed --grace 5s --yes -o json");
        Assert.True(killed.Json.GetProperty("confirmed").GetBoolean());
        await Eventually.True(() => sleeper.HasExited && !IsAlive(second), () => "both have ended");
    }

    [Fact]
    public async Task WhatCannotBeAttached_IsSaidByTheCommandItself()
    {
        var ran = await mesh.BashAsync("session-mesh attach --pid 2147483647 --detach");
        Assert.Equal(3, ran.Code);
        Assert.Contains("there is no process 2147483647", ran.Error, StringComparison.Ordinal);

        // The second one finds this: its words and its exit code are the command's.
        using var sleeper = new Started("sleep", ["1000"], mesh.Environment(), mesh.Scratch.Root);
        await mesh.DoneAsync("session-mesh register --agent-id taken");
        ran = await mesh.BashAsync($"session-mesh attach --pid {sleeper.Pid} --agent-id taken --detach");
        Assert.Equal(5, ran.Code);
        Assert.Contains("already_alive", ran.Error, StringComparison.Ordinal);
    }

    /// <summary>The watcher itself is in no directory of the caller's.</summary>
    [Fact]
    public async Task HandlerOfSteers_RunsWhereTheCommandWasTyped()
    {
        using var sleeper = new Started("sleep", ["1000"], mesh.Environment(), mesh.Scratch.Root);
        await mesh.DoneAsync(
            $"mkdir \"it's here\"; cd \"it's here\"; "
            + $"session-mesh attach --pid {sleeper.Pid} --agent-id typed --detach --on-steer 'pwd > where'");
        await mesh.DoneAsync("session-mesh steer typed --direction west --wait acknowledged");
        var directory = Path.Combine(mesh.Scratch.Root, "it's here");
        Assert.Equal(directory, await Eventually.Line(Path.Combine(directory, "where")));
        sleeper.Send(Kill);
    }

    /// <summary>As a hook of an agent does: from below the process, which is then the watcher's to end.</summary>
    [Fact]
    public async Task Hooked_IsStartedByTheProcessThatItWatches()
    {
        const string Script = "session-mesh register --agent-id hooked -o name; "
            + "session-mesh attach --pid $$ --agent-id hooked --hooked --incarnation 1 --detach -q -o json > said.new; "
            + "mv said.new said; trap '' TERM; while :; do sleep 0.1; done";
        using var agent = new Started("bash", ["-c", Script], mesh.Environment(), mesh.Scratch.Root);
        var said = System.Text.Json.JsonDocument.Parse(await Eventually.Line(Path.Combine(mesh.Scratch.Root, "said"))).RootElement;
        Assert.Equal(agent.Pid, said.GetProperty("pid").GetInt32());
        var watcher = said.GetProperty("watcher_pid").GetInt32();
        var killed = await mesh.DoneAsync("session-mesh kill hooked --grace 2s --yes -o json");
        Assert.True(killed.Json.GetProperty("confirmed").GetBoolean());
        await Eventually.True(() => agent.HasExited && !IsAlive(watcher), () => "both have ended");
    }

    private async Task<int> WatcherOfAsync(int pid, string options)
    {
        var ran = await mesh.DoneAsync($"session-mesh attach --pid {pid} {options} --detach -o json");
        return ran.Json.GetProperty("watcher_pid").GetInt32();
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
