using Microsoft.Extensions.AI;

namespace SessionMesh.Extensions.AI;

/// <summary>What a model has answered, as far as it matters here: what it calls for, and by what the answer is known again.</summary>
internal sealed class ModelAnswer
{
    private readonly Dictionary<string, FunctionCallContent> _calls = [];

    /// <summary>Functions that somebody has to call, in their order; not those that the model's provider has called itself.</summary>
    public IReadOnlyCollection<FunctionCallContent> Calls => _calls.Values;

    /// <summary>By what it is known again. Nothing of the answer is held on to by this, unless it has no id.</summary>
    public AnswerMark Mark { get; } = new();

    public void Add(IEnumerable<ChatMessage> messages)
    {
        foreach (var message in messages)
        {
            Mark.Add(message);
            Add(message.Contents);
        }
    }

    public void Add(ChatResponseUpdate update)
    {
        Mark.Add(update.MessageId, update.Contents);
        Add(update.Contents);
    }

    private void Add(IEnumerable<AIContent> contents)
    {
        foreach (var content in contents)
        {
            if (content is FunctionCallContent { InformationalOnly: false } call)
            {
                _calls.TryAdd(call.CallId, call);
            }
            else if (content is FunctionResultContent result)
            {
                _calls.Remove(result.CallId);
            }
        }
    }
}

/// <summary>
/// Knows the messages of an answer again in a later request, copies of them, too: by their ids, by the calls in them, or, of a
/// message with neither, by the message itself.
/// </summary>
internal sealed class AnswerMark
{
    private readonly HashSet<ChatMessage> _messages = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _messageIds = [];
    private readonly HashSet<string> _calls = [];

    /// <summary>Whether anything could be known again.</summary>
    public bool IsEmpty => _messages.Count + _messageIds.Count + _calls.Count == 0;

    public void Add(ChatMessage message)
    {
        if (!Add(message.MessageId, message.Contents))
        {
            _messages.Add(message);
        }
    }

    /// <returns>Whether there is an id.</returns>
    public bool Add(string? messageId, IEnumerable<AIContent> contents)
    {
        var calls = contents.OfType<FunctionCallContent>().Select(CallWords.Of).ToList();
        _calls.UnionWith(calls);
        if (string.IsNullOrEmpty(messageId))
        {
            return calls.Count > 0;
        }

        _messageIds.Add(messageId);
        return true;
    }

    public bool Has(ChatMessage message) =>
        message.Role == ChatRole.Assistant
        && (_messages.Contains(message)
            || (message.MessageId is { } id && _messageIds.Contains(id))
            || message.Contents.OfType<FunctionCallContent>().Any(call => _calls.Contains(CallWords.Of(call))));
}
