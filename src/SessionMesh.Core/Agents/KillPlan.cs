using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>
/// The agents that a kill affects, found in one walk: those that were asked for and all below them. Each is there once, however many of its
/// ancestors were asked for, and belongs to the report of the nearest.
/// </summary>
internal sealed class KillPlan
{
    private readonly Dictionary<int, List<int>> _reports;
    private readonly List<(int Number, int Nearest)> _order = [];

    private KillPlan(IReadOnlyList<Agent> asked) =>
        (Asked, _reports) = (asked, asked.ToDictionary(agent => agent.Number, _ => new List<int>()));

    /// <summary>The agents that were asked for, in the given order.</summary>
    public IReadOnlyList<Agent> Asked { get; }

    /// <summary>Every agent of the plan, parents before children, with the nearest that was asked for: itself or an ancestor.</summary>
    public IReadOnlyList<(int Number, int Nearest)> Order => _order;

    /// <param name="asked">Without duplicates.</param>
    public static KillPlan Of(MeshDraft draft, IReadOnlyList<Agent> asked)
    {
        var plan = new KillPlan(asked);
        var inner = plan.FindInner(draft);
        var open = new Queue<(int Number, int Nearest)>();
        foreach (var agent in asked)
        {
            if (inner.Contains(agent.Number))
            {
                continue;
            }

            open.Enqueue((agent.Number, agent.Number));
            while (open.TryDequeue(out var next))
            {
                plan._order.Add(next);
                foreach (var child in draft.Children(next.Number))
                {
                    var isAsked = plan.IsAsked(child);
                    if (!isAsked)
                    {
                        plan._reports[next.Nearest].Add(child);
                    }

                    open.Enqueue((child, isAsked ? child : next.Nearest));
                }
            }
        }

        return plan;
    }

    public bool IsAsked(int number) => _reports.ContainsKey(number);

    /// <summary>Those below an agent that was asked for, without those that are nearer to another one; parents before children.</summary>
    public IReadOnlyList<int> Below(int asked) => _reports[asked];

    /// <summary>The agents asked for that are below another one that was asked for.</summary>
    private HashSet<int> FindInner(MeshDraft draft)
    {
        var inner = new HashSet<int>();
        if (Asked.Count == 1)
        {
            return inner;
        }

        var seen = new HashSet<int>();
        var open = new Stack<int>();
        foreach (var agent in Asked)
        {
            if (seen.Add(agent.Number))
            {
                open.Push(agent.Number);
            }

            while (open.TryPop(out var number))
            {
                foreach (var child in draft.Children(number))
                {
                    if (IsAsked(child))
                    {
                        inner.Add(child);
                    }

                    if (seen.Add(child))
                    {
                        open.Push(child);
                    }
                }
            }
        }

        return inner;
    }
}
