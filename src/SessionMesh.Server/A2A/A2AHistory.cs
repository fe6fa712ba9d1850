using SessionMesh.Contracts;
using SessionMesh.Server.Steering;

namespace SessionMesh.Server.A2A;

/// <summary>What was said in a task: the directives of an agent's present life, with the notes of its acks.</summary>
internal sealed class A2AHistory(DirectiveReader directives)
{
    /// <summary>Messages of a task when the caller does not say.</summary>
    public const int Default = 20;

    /// <summary>Messages of a task at most.</summary>
    public const int Most = 100;

    /// <summary>
    /// The newest, oldest first: no more than are asked for, and no more characters than an inbox answers at once. None of a life that is
    /// over.
    /// </summary>
    public async Task<IReadOnlyList<A2ASaid>> ReadAsync(A2ATask task, int? most)
    {
        var (agent, count) = (task.Agent, Math.Min(most ?? Default, Most));
        var newest = task.Slot.Inbox.LastRevision;
        if (count == 0 || !agent.HasSession || task.Slot.Agent.Incarnation != agent.Incarnation)
        {
            return [];
        }

        var said = new List<A2ASaid>();
        var characters = 0;
        foreach (var directive in await directives.NewestFirstAsync(agent, newest, count))
        {
            if (directive.Revision < agent.Session)
            {
                break; // to a life before
            }

            if (directive.Note is { } note)
            {
                said.Add(A2ASaid.OfNote(directive.Revision, directive.State, note));
            }

            said.Add(A2ASaid.OfDirective(directive.Revision, directive.Verb, directive.Direction, directive.Message, directive.Data));
            characters += said[^1].Length;
            if (characters > Limits.InboxAnswer)
            {
                break;
            }
        }

        said.RemoveRange(Math.Min(count, said.Count), Math.Max(0, said.Count - count));
        said.Reverse();
        return said;
    }
}
