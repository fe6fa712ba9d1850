namespace SessionMesh.Cli.Tests.Run;

/// <summary>Waits for a condition of the outside world, for a bounded time: processes do not obey a fake clock.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    public static async Task True(Func<bool> condition, string what)
    {
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        using var bound = new CancellationTokenSource(Bound);
        while (!condition())
        {
            try
            {
                await tick.WaitForNextTickAsync(bound.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"did not happen within {Bound.TotalSeconds} s: {what}");
            }
        }
    }

    /// <summary>The file's text once it ends with a newline.</summary>
    public static async Task<string> Line(string file)
    {
        await True(() => File.Exists(file) && File.ReadAllText(file).EndsWith('\n'), $"a line in {Path.GetFileName(file)}");
        return File.ReadAllText(file).TrimEnd('\n');
    }
}
