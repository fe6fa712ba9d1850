using Microsoft.Extensions.AI;

namespace SessionMesh.Extensions.AI;

/// <summary>
/// Functions that a model has called for and whose results have not come. One of a run that was given up is forgotten with its
/// conversation. Not thread-safe.
/// </summary>
internal sealed class OpenCalls
{
    private readonly Dictionary<string, WeakReference<FunctionCallContent>> _open = [];

    public void Add(IEnumerable<FunctionCallContent> calls)
    {
        foreach (var call in calls)
        {
            _open[call.CallId] = new(call);
        }
    }

    public bool Any()
    {
        foreach (var (id, call) in _open)
        {
            if (call.TryGetTarget(out _))
            {
                return true;
            }

            _open.Remove(id);
        }

        return false;
    }

    /// <summary>Which of them have returned, by these results.</summary>
    public List<string> Remove(IEnumerable<FunctionResultContent> results) =>
        [.. results.Select(result => result.CallId).Where(_open.Remove)];
}
