namespace SessionMesh.Client.Tests;

public sealed class BackoffTests
{
    [Fact]
    public void Next_DoublesToTheCeiling_AndHalfOfItIsChance()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(15));

        foreach (var whole in new[] { 1, 2, 4, 8, 15, 15 })
        {
            Assert.InRange(backoff.Next().TotalSeconds, whole / 2.0, whole);
        }

        backoff.Reset();
        Assert.InRange(backoff.Next().TotalSeconds, 0.5, 1);
    }

    [Fact]
    public void Next_AfterAnyNumberOfFailures_StaysAtTheCeiling()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(60), first: TimeSpan.FromMilliseconds(1));

        for (var failure = 0; failure < 2000; failure++)
        {
            Assert.InRange(backoff.Next(), TimeSpan.FromMilliseconds(0.5), TimeSpan.FromSeconds(60));
        }
    }
}
