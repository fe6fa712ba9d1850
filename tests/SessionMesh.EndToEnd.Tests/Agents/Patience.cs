namespace SessionMesh.EndToEnd.Tests.Agents;

/// <summary>What <see cref="Eventually"/> does, with a bound for programs that take half a minute to start.</summary>
internal static class Patience
{
    private static readonly TimeSpan s_bound = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(50);

    public static Task ForAsync(Func<bool> condition, Func<string> what, TimeSpan? bound = null) =>
        ForAsync(() => Task.FromResult(condition()), what, bound);

    public static async Task ForAsync(Func<Task<bool>> condition, Func<string> what, TimeSpan? bound = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > (bound ?? s_bound))
            {
                Assert.Fail($"did not happen within {bound ?? s_bound}: {what()}");
            }

            await Task.Delay(s_pace);
        }
    }
}
