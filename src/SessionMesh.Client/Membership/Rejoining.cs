using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Client.Membership;

/// <summary>What became of rejoining: a tenure under which to go on, the server's word that it is over, or neither.</summary>
/// <param name="Registration">The answer that <paramref name="Tenure"/> comes from.</param>
/// <param name="IsNew">It began now: the mesh knew nothing that the process had.</param>
internal sealed record Rejoined(Tenure? Tenure = null, AgentRegistration? Registration = null, SessionEnd? End = null, bool IsNew = false);

/// <summary>
/// How a process that runs finds its place in a mesh whose store was restored, or that does not know it: it says what it holds. A healthy
/// process is never stopped for a restore.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>The mesh knows an incarnation that this process had, now or before an earlier restore: that is renewed, and its keys stay
/// good.</item>
/// <item>It knows only older ones: what it takes for alive is this process's own past, and is taken over.</item>
/// <item>It does not know the agent: it is registered.</item>
/// <item>It knows a later one, which somebody else began: this process is superseded, as anywhere.</item>
/// <item>It killed an incarnation that this process had: that holds. One that it killed before, and has not seen end, keeps the agent out
/// until its tombstone is lifted or over; the process runs on, and this is tried again.</item>
/// </list>
/// </remarks>
/// <param name="request">What to register: it names the agent.</param>
/// <param name="first">The tenure of the first registration.</param>
#pragma warning disable CA1001 // The semaphore is never waited on by its handle, so that there is nothing to dispose of.
internal sealed class Rejoining(MeshClient client, RegisterAgentRequest request, Tenure first, ISessionLog log)
#pragma warning restore CA1001
{
    /// <summary>Restores in the life of one process that are remembered.</summary>
    private const int Most = 32;

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Highest incarnation first. After two restores the process may have had two of one number.</summary>
    private readonly List<Tenure> _held = [first];

    /// <summary>Whether a refusal with that code says that the server does not know what we speak under.</summary>
    public static bool IsCalledForBy(string? code) =>
        code is ErrorCodes.Restored or ErrorCodes.AgentNotFound or ErrorCodes.UnknownIncarnation;

    /// <summary>One at a time; dispose of it to let the next one in.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        return new Admission(_turn);
    }

    /// <param name="isOver">Begin nothing, and look only for what the process had.</param>
    /// <exception cref="MeshException">It must be tried again.</exception>
    public async Task<Rejoined> TryAsync(bool isOver, CancellationToken cancellation)
    {
        var isOlder = false;
        foreach (var incarnation in _held.Select(held => held.Incarnation).Distinct())
        {
            try
            {
                var answer = await client.RegisterAsync(request with { Incarnation = incarnation, Takeover = null }, cancellation);
                return _held.Exists(held => held.IsConfirmedBy(answer))
                    ? Hold(answer, isNew: false)
                    : new Rejoined(End: Superseded());
            }
            catch (MeshException e) when (e.Code == ErrorCodes.UnknownIncarnation)
            {
                isOlder = true; // than this one; perhaps one that was held before
            }
            catch (MeshException e) when (e.Code == ErrorCodes.AgentNotFound)
            {
                break;
            }
            catch (MeshException e) when (e.Code == ErrorCodes.Superseded && isOlder)
            {
                break; // between two that were held: nobody's now
            }
            catch (MeshException e) when (SessionEnd.Of(e.Code, log.WhyOf(e)) is { } end)
            {
                return new Rejoined(End: end);
            }
        }

        var anew = request with { Incarnation = null, Takeover = isOlder ? true : null };
        return isOver ? new Rejoined() : Hold(await client.RegisterAsync(anew, cancellation), isNew: true);
    }

    private SessionEnd Superseded() =>
        SessionEnd.Of(ErrorCodes.Superseded, $"another process is agent {request.AgentId} since the mesh was restored")!;

    private Rejoined Hold(AgentRegistration answer, bool isNew)
    {
        var tenure = new Tenure(answer);
        _held.RemoveAll(held => held.Incarnation == tenure.Incarnation && held.SessionId == tenure.SessionId);
        _held.Add(tenure);
        _held.Sort((a, b) => b.Incarnation.CompareTo(a.Incarnation));
        if (_held.Count > Most)
        {
            _held.RemoveAt(Most);
        }

        return new Rejoined(tenure, answer, IsNew: isNew);
    }

    private sealed class Admission(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
