using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Discovery;

/// <summary>What is at and below an agent, added up.</summary>
internal readonly record struct SubtreeSum(int Agents, int Alive, int Stalled, int Lost, int Loaded, double Load, int Pending)
{
    public static SubtreeSum operator +(SubtreeSum one, SubtreeSum other) => new(
        one.Agents + other.Agents, one.Alive + other.Alive, one.Stalled + other.Stalled, one.Lost + other.Lost,
        one.Loaded + other.Loaded, one.Load + other.Load, one.Pending + other.Pending);
}

/// <summary>
/// Adds up subtrees for one answer, each once: an agent that was counted for one row is not walked again for the next. What changes
/// meanwhile may be in one sum and not yet in another.
/// </summary>
/// <param name="reach">Only agents that it covers count.</param>
internal sealed class SubtreeSums(MeshState state, ReachMemo reach)
{
    private readonly Dictionary<int, SubtreeSum> _known = [];

    public SubtreeSum Of(int number)
    {
        // Parents wait on the stack until all their children are known: lineages may be deeper than a thread's stack.
        var open = new Stack<(int Number, List<int> Children)>();
        Visit(number);
        while (open.TryPeek(out var top))
        {
            if (top.Children.Count > 0)
            {
                var child = top.Children[^1];
                top.Children.RemoveAt(top.Children.Count - 1);
                if (!_known.ContainsKey(child))
                {
                    Visit(child);
                }

                continue;
            }

            open.Pop();
            var sum = Alone(top.Number);
            foreach (var child in state.Forest.Children(top.Number))
            {
                sum += _known.GetValueOrDefault(child); // one that joined meanwhile counts at the next look
            }

            _known[top.Number] = sum;
        }

        return _known[number];

        void Visit(int next)
        {
            _known[next] = default; // whatever moves meanwhile, no one is visited twice
            open.Push((next, state.Forest.Children(next)));
        }
    }

    private SubtreeSum Alone(int number)
    {
        if (state.Slots[number] is not { } slot || slot.Agent is not { Liveness: not Liveness.Dead } agent || !reach.Reaches(agent))
        {
            return default;
        }

        var vitals = slot.ReadVitals();
        var isAlive = agent.Liveness == Liveness.Alive;
        var isLoaded = isAlive && !float.IsNaN(vitals.Load);
        return new SubtreeSum(
            Agents: 1,
            Alive: isAlive ? 1 : 0,
            Stalled: isAlive && agent.Stall is not null ? 1 : 0,
            Lost: agent.Liveness == Liveness.Lost ? 1 : 0,
            Loaded: isLoaded ? 1 : 0,
            Load: isLoaded ? vitals.Load : 0,
            Pending: slot.Inbox.Pending.Length);
    }
}
