using SessionMesh.Server.Sandbox;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Sandbox;

public sealed class SandboxTimeTests
{
    private static readonly TimeSpan s_never = Timeout.InfiniteTimeSpan;

    private readonly FakeTime _machine = new();
    private readonly List<string> _fired = [];
    private int _settled;

    [Fact]
    public async Task Clocks_MoveTogether_ByItselfAndAtOnce()
    {
        using var time = new SandboxTime(_machine);
        var (wall, stamp, up) = (time.GetUtcNow(), time.GetTimestamp(), time.Uptime);
        _machine.Advance(TimeSpan.FromSeconds(2));
        await AdvanceAsync(time, 5);
        Assert.Equal(TimeSpan.FromSeconds(7), time.GetUtcNow() - wall);
        Assert.Equal(TimeSpan.FromSeconds(7), time.GetElapsedTime(stamp));
        Assert.Equal(TimeSpan.FromSeconds(7), time.Uptime - up);
        Assert.Equal(TimeSpan.FromSeconds(5), time.Lead);
    }

    [Fact]
    public void Uptime_OfAMachineThatHasNone_IsNone()
    {
        using var time = new SandboxTime(TimeProvider.System);
        Assert.Null(time.Uptime);
    }

    [Fact]
    public async Task Timers_FireInTheOrderOfTheirDueTimes_EachAtItsOwn_AndWhatTheyBeganIsOverBeforeTheNext()
    {
        using var time = new SandboxTime(_machine);
        await using var c = Timer(time, "c", 3);
        await using var a = Timer(time, "a", 1);
        await using var tick = Timer(time, "t", 2, 2);
        await using var late = Timer(time, "late", 6);
        await AdvanceAsync(time, 5);
        Assert.Equal(["a 1", "t 2", "c 3", "t 4"], _fired);
        Assert.Equal(4, _settled);
        await AdvanceAsync(time, 1);
        Assert.Equal(["t 6", "late 6"], _fired.Skip(4)); // the one that was made first
    }

    [Fact]
    public async Task Timer_OfEverySecond_TicksInFivesAfterTheFirstHour_AndIsOnTimeAgainAtTheEnd()
    {
        using var time = new SandboxTime(_machine);
        await using var tick = Timer(time, "t", 1, 1);
        await using var once = Timer(time, "o", 3603);
        await AdvanceAsync(time, 3613);
        Assert.Equal(
            ["t 3599", "t 3600", "t 3601", "o 3603", "t 3606", "t 3611", "t 3612", "t 3613"], _fired.Skip(3598));
        await AdvanceAsync(time, 2);
        Assert.Equal(["t 3614", "t 3615"], _fired.TakeLast(2));
    }

    [Fact]
    public void Timers_FireByThemselves_WhenTheMachinesTimeHasCome()
    {
        using var time = new SandboxTime(_machine);
        using var tick = Timer(time, "t", 1, 1);
        using var once = Timer(time, "o", 2);
        _machine.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(["t 1", "o 2", "t 2", "t 3"], _fired.OrderBy(fired => fired[^1]).ThenBy(fired => fired, StringComparer.Ordinal));
    }

    /// <summary>Its due time is by the sandbox's clock, so that it is nearer by what that has moved.</summary>
    [Fact]
    public async Task Timer_ThatIsHalfOver_NeedsTheRestOfTheMachine()
    {
        using var time = new SandboxTime(_machine);
        using var timer = Timer(time, "x", 10);
        await AdvanceAsync(time, 8);
        _machine.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_fired);
        _machine.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["x 10"], _fired);
    }

    /// <summary>The machine's timers take no such time at once.</summary>
    [Fact]
    public void Timer_OfMonths_FiresOnItsDay()
    {
        using var time = new SandboxTime(_machine);
        using var timer = Timer(time, "x", 100 * 86400);
        _machine.Advance(TimeSpan.FromDays(99));
        Assert.Empty(_fired);
        _machine.Advance(TimeSpan.FromDays(1));
        Assert.Equal(["x 8640000"], _fired);
    }

    [Fact]
    public async Task Timer_ThatWasChangedOrDisposedOf_DoesNotFire()
    {
        using var time = new SandboxTime(_machine);
        var gone = Timer(time, "gone", 1);
        using var off = Timer(time, "off", 1);
        using var moved = Timer(time, "moved", 1);
        gone.Dispose();
        off.Change(s_never, s_never);
        moved.Change(TimeSpan.FromSeconds(5), s_never);
        await AdvanceAsync(time, 4);
        Assert.Empty(_fired);
        await AdvanceAsync(time, 1);
        Assert.Equal(["moved 5"], _fired);
    }

    [Fact]
    public async Task Timer_ThatATimerSets_FiresOnTheSameWay()
    {
        using var time = new SandboxTime(_machine);
        ITimer? second = null;
        using var first = time.CreateTimer(
            _ => second = Timer(time, "second", 1), null, TimeSpan.FromSeconds(1), s_never);
        await AdvanceAsync(time, 3);
        Assert.Equal(["second 2"], _fired);
        await second!.DisposeAsync();
    }

    [Fact]
    public async Task Calls_AtOnce_AddUp()
    {
        using var time = new SandboxTime(_machine);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => time.AdvanceAsync(
            TimeSpan.FromSeconds(1), static () => ValueTask.CompletedTask, CancellationToken.None))));
        Assert.Equal(TimeSpan.FromSeconds(8), time.Lead);
    }

    [Fact]
    public async Task Server_ThatStops_EndsTheMove()
    {
        using var time = new SandboxTime(_machine);
        using var over = new CancellationTokenSource();
        using var timer = time.CreateTimer(_ => over.Cancel(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => time.AdvanceAsync(
            TimeSpan.FromDays(1), static () => ValueTask.CompletedTask, over.Token));
        Assert.Equal(TimeSpan.FromSeconds(1), time.Lead);
        await AdvanceAsync(time, 1); // the turn was given back
    }

    private ITimer Timer(SandboxTime time, string name, double due, double period = -1) => time.CreateTimer(
        _ => _fired.Add($"{name} {(time.GetUtcNow() - FakeTime.Start).TotalSeconds}"),
        null,
        TimeSpan.FromSeconds(due),
        period < 0 ? s_never : TimeSpan.FromSeconds(period));

    private Task AdvanceAsync(SandboxTime time, double seconds) => time.AdvanceAsync(
        TimeSpan.FromSeconds(seconds),
        () =>
        {
            _settled++;
            return ValueTask.CompletedTask;
        },
        CancellationToken.None);
}
