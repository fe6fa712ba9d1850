using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace SessionMesh.Extensions.AI;

/// <summary>
/// Functions that a model has called for and whose results have not come. One of a run that was given up is forgotten with its
/// conversation. Ids of calls are unique in a conversation alone, and an agent may have several: a call is known by the object that it is,
/// or by what it says where a request has a copy of it. Not thread-safe.
/// </summary>
internal sealed class OpenCalls
{
    private readonly List<WeakReference<FunctionCallContent>> _open = [];

    /// <summary>Those that were open once: a conversation brings them again with each request.</summary>
    private readonly ConditionalWeakTable<FunctionCallContent, object> _known = [];

    public void Add(IEnumerable<FunctionCallContent> calls)
    {
        foreach (var call in calls)
        {
            _open.Add(new WeakReference<FunctionCallContent>(call));
            _known.AddOrUpdate(call, this);
        }
    }

    public bool Any()
    {
        _open.RemoveAll(call => !call.TryGetTarget(out _));
        return _open.Count > 0;
    }

    /// <summary>Takes out those that have returned, by the results that a request brings.</summary>
    public List<FunctionCallContent> Remove(IReadOnlyList<ChatMessage> request)
    {
        var contents = request.SelectMany(message => message.Contents).ToList();
        var returned = contents.OfType<FunctionResultContent>().Select(result => result.CallId).ToHashSet(StringComparer.Ordinal);
        if (returned.Count == 0 || _open.Count == 0)
        {
            return [];
        }

        var calls = contents.OfType<FunctionCallContent>().ToHashSet<FunctionCallContent>(ReferenceEqualityComparer.Instance);
        var known = calls.Where(call => _known.TryGetValue(call, out _)).Select(call => call.CallId).ToHashSet(StringComparer.Ordinal);
        var copies = calls.Where(call => !known.Contains(call.CallId)).Select(CallWords.Of).ToHashSet(StringComparer.Ordinal);
        var ids = calls.Select(call => call.CallId).ToHashSet(StringComparer.Ordinal);
        var open = _open.Select(call => call.TryGetTarget(out var target) ? target : null).OfType<FunctionCallContent>()
            .Where(call => returned.Contains(call.CallId)).ToList();
        var over = open.FindAll(call =>
            calls.Contains(call) || (IsAlone(call) && (copies.Contains(CallWords.Of(call)) || !ids.Contains(call.CallId))));
        _open.RemoveAll(call => call.TryGetTarget(out var target) && over.Contains(target, ReferenceEqualityComparer.Instance));
        return over;

        bool IsAlone(FunctionCallContent call) => open.Count(other => other.CallId == call.CallId) == 1;
    }
}

/// <summary>What a call says, to know copies of it by.</summary>
internal static class CallWords
{
    public static string Of(FunctionCallContent call) => string.Join(
        '\n',
        (call.Arguments ?? Enumerable.Empty<KeyValuePair<string, object?>>())
            .OrderBy(argument => argument.Key, StringComparer.Ordinal)
            .Select(argument => $"{argument.Key}={argument.Value}")
            .Prepend(call.Name).Prepend(call.CallId));
}
