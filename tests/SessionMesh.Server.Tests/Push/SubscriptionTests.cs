using SessionMesh.Server.Push;

namespace SessionMesh.Server.Tests.Push;

public sealed class SubscriptionTests
{
    /// <summary>
    /// What is allocated stands for the work: an array of all streams of the key was made anew for each that came or went.
    /// </summary>
    [Fact]
    public void Listen_BesideTwentyThousandOfTheSameKey_CostsWhatTheFirstDid()
    {
        var (subscriptions, feed) = (new Subscriptions(), new ChangeFeed());
        Cost(subscriptions, feed);
        var first = Cost(subscriptions, feed);
        var (streams, followers) = (new List<Subscription>(), new List<FeedFollower>());
        for (var i = 0; i < 20_000; i++)
        {
            streams.Add(subscriptions.Listen(i % 3 == 0 ? 7 : i, "key"));
            followers.Add(feed.Follow(i % 2 == 0 ? "key" : "other"));
        }

        Assert.InRange(Cost(subscriptions, feed), 0, (2 * first) + 1024);

        static long Cost(Subscriptions subscriptions, ChangeFeed feed)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            subscriptions.Listen(7, "key").Dispose();
            feed.Follow("key").Dispose();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Signal_ReachesThoseWhoListen_WhoeverCameAndWentBetween(int seed)
    {
        var random = new Random(seed);
        var (subscriptions, feed) = (new Subscriptions(), new ChangeFeed());
        var (streams, followers) = (new List<Subscription>(), new List<FeedFollower>());
        for (var step = 0; step < 2_000; step++)
        {
            switch (random.Next(8))
            {
                case 0 or 1: streams.Add(subscriptions.Listen(random.Next(4), $"k{random.Next(3)}")); break;
                case 2: followers.Add(feed.Follow($"k{random.Next(3)}")); break;
                case 3 when streams.Count > 0:
                    var gone = streams[random.Next(streams.Count)];
                    streams.Remove(gone);
                    gone.Dispose();
                    gone.Dispose(); // again, which does nothing
                    break;
                case 4 when followers.Count > 0:
                    var over = followers[random.Next(followers.Count)];
                    followers.Remove(over);
                    over.Dispose();
                    break;
                case 5:
                    var agent = random.Next(4);
                    subscriptions.Signal(agent);
                    AssertSet(one => one.Agent == agent, _ => false);
                    break;
                case 6:
                    var key = $"k{random.Next(3)}";
                    subscriptions.SignalKey(key);
                    feed.SignalKey(key);
                    AssertSet(one => one.KeyId == key, one => one.KeyId == key);
                    break;
                default:
                    subscriptions.SignalEverybody();
                    feed.SignalEverybody();
                    AssertSet(_ => true, _ => true);
                    break;
            }
        }

        void AssertSet(Func<Subscription, bool> isSignalled, Func<FeedFollower, bool> isTold)
        {
            Assert.All(streams, one => Assert.Equal(isSignalled(one), one.Changed.Task.IsCompleted));
            Assert.All(followers, one => Assert.Equal(isTold(one), one.Changed.Task.IsCompleted));
            streams.ForEach(one => one.Changed.Reset());
            followers.ForEach(one => one.Changed.Reset());
        }
    }
}
