using Microsoft.Extensions.AI;

namespace SessionMesh.Extensions.AI;

/// <summary>
/// Steers that a model has answered. Whoever keeps the conversation does not know of them, so that a later request would come without; each
/// is put back before the answer to the request that carried it, wherever that answer is. Where the conversation is kept at the model's
/// side, or was cut, the answer is not among the messages, and neither is the steer. Thread-safe.
/// </summary>
internal sealed class ToldSteers
{
    /// <summary>The oldest give way.</summary>
    public const int Most = 256;

    private readonly Lock _gate = new();
    private readonly List<(IReadOnlyList<ChatMessage> Words, AnswerMark Answer)> _told = [];

    public void Remember(IReadOnlyList<ChatMessage> words, AnswerMark answer)
    {
        if (words.Count == 0 || answer.IsEmpty)
        {
            return;
        }

        lock (_gate)
        {
            _told.Add((words, answer));
            if (_told.Count > Most)
            {
                _told.RemoveAt(0);
            }
        }
    }

    public List<ChatMessage> PutInto(List<ChatMessage> messages)
    {
        (IReadOnlyList<ChatMessage> Words, AnswerMark Answer)[] told;
        lock (_gate)
        {
            told = [.. _told];
        }

        List<ChatMessage> all = [.. messages];
        foreach (var (words, answer) in told)
        {
            if (all.FindIndex(answer.Has) is var at and >= 0)
            {
                all.InsertRange(at, words);
            }
        }

        return all;
    }
}
