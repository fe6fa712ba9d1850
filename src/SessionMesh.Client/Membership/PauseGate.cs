using System.Diagnostics.CodeAnalysis;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client.Membership;

/// <summary>
/// Holds whoever passes while the agent is paused. A pause is acknowledged once somebody is held by it, since until then the agent works
/// on; or by the resume that comes before. Thread-safe.
/// </summary>
/// <param name="ack">Answers for a directive.</param>
/// <param name="isOver">Whether a directive cannot be acted on any more: it has expired, or is of a mesh that was restored since.</param>
internal sealed class PauseGate(Action<Directive, string, string?> ack, Predicate<Directive> isOver)
{
    private readonly Lock _gate = new();

    /// <summary>Pauses that have held nobody yet.</summary>
    private readonly List<Directive> _unheld = [];

    /// <summary>
    /// Ends with the resume; null where the agent is not paused. A pause that comes right after is another one: whoever was held by the one
    /// before may be on its way, and is not held by this one until it has come to the gate again.
    /// </summary>
    private Hold? _hold;

    /// <summary>Somebody was held, or the agent's own handler has paused it: only a resume ends that.</summary>
    private bool _isInForce;

    public bool IsPaused
    {
        get
        {
            lock (_gate)
            {
                return Pausing() is not null;
            }
        }
    }

    /// <param name="directive">To be acknowledged once somebody is held; null where the agent's own handler has paused it.</param>
    public void Pause(Directive? directive)
    {
        lock (_gate)
        {
            _hold ??= new Hold();
            _isInForce |= directive is null;
            if (directive is not null && _hold.Held == 0)
            {
                _unheld.Add(directive);
                return;
            }
        }

        if (directive is not null)
        {
            ack(directive, DirectiveState.Acknowledged, null);
        }
    }

    public void Resume()
    {
        List<Directive> unheld;
        lock (_gate)
        {
            _unheld.RemoveAll(isOver);
            unheld = [.. _unheld];
            Release();
        }

        unheld.ForEach(pause => ack(pause, DirectiveState.Acknowledged, "resumed before anything was held"));
    }

    /// <summary>True at once or after the resume; false when the agent is to stop.</summary>
    public async Task<bool> PassAsync(CancellationToken stopping, CancellationToken cancellation)
    {
        while (!stopping.IsCancellationRequested)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!TryHold(out var hold))
            {
                return true;
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellation);
            try
            {
                await hold.Resumed.Task.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // To stop.
            }
            finally
            {
                lock (_gate)
                {
                    hold.Held--;
                }
            }
        }

        return false;
    }

    /// <summary>False where nothing holds.</summary>
    private bool TryHold([NotNullWhen(true)] out Hold? hold)
    {
        List<Directive> held;
        lock (_gate)
        {
            hold = Pausing();
            if (hold is null)
            {
                return false;
            }

            held = [.. _unheld];
            _unheld.Clear();
            _isInForce = true;
            hold.Held++;
        }

        held.ForEach(pause => ack(pause, DirectiveState.Acknowledged, null));
        return true;
    }

    /// <summary>What to wait for; null where the agent is not paused, or no more. Under the gate.</summary>
    private Hold? Pausing()
    {
        _unheld.RemoveAll(isOver);
        if (!_isInForce && _unheld.Count == 0)
        {
            Release();
        }

        return _hold;
    }

    private void Release()
    {
        _unheld.Clear();
        _isInForce = false;
        _hold?.Resumed.TrySetResult();
        _hold = null;
    }

    /// <summary>One stretch of being paused, and how many it holds.</summary>
    private sealed class Hold
    {
        public TaskCompletionSource Resumed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Under the gate.</summary>
        public int Held { get; set; }
    }
}
