using SessionMesh.Core.State;

namespace SessionMesh.Core;

/// <summary>
/// Several commands of one caller as one, with one place in the queue and one commit. Each has its own outcome, in order. Refusing one does
/// not refuse the others, and each sees what those before it did.
/// </summary>
public sealed record Together<T> : Command<IReadOnlyList<Outcome<T>>>
{
    public required IReadOnlyList<Command<T>> Commands { get; init; }

    public override int Weight => BaseWeight + Commands.Sum(command => command.Weight);

    public override Outcome<IReadOnlyList<Outcome<T>>> Decide(MeshDraft draft)
    {
        var outcomes = new List<Outcome<T>>(Commands.Count);
        foreach (var command in Commands)
        {
            var before = draft.Revision;
            outcomes.Add(command.Decide(draft));
            if (outcomes[^1].Error is { } error && draft.Revision != before)
            {
                throw new InvalidOperationException($"{command.GetType().Name} emitted changes and then failed with {error.Code}");
            }
        }

        return outcomes;
    }
}
