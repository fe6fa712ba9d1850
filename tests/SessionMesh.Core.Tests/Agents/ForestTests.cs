using SessionMesh.Core.Agents;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Core.Tests.State;

namespace SessionMesh.Core.Tests.Agents;

public sealed class ForestTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void RandomMoves_AgreeWithAListOfParents(int seed)
    {
        const int Count = 60;
        var random = new Random(seed);
        var state = new MeshState();
        for (var number = 0; number < Count; number++)
        {
            state.Load(new Agent { Number = number, Id = $"agent-{number}", Cluster = "default" }, Inbox.Empty);
        }

        var parents = Enumerable.Repeat(-1, Count).ToArray();
        for (var i = 0; i < 5_000; i++)
        {
            var child = random.Next(Count);
            var parent = random.Next(-1, Count);
            state.Forest.Move(state.Slots[child]!, child, parents[child], parent);
            parents[child] = parent;
        }

        for (var number = 0; number < Count; number++)
        {
            Assert.Equal(Enumerable.Range(0, Count).Where(c => parents[c] == number), state.Forest.Children(number).Order());
        }
    }
}
