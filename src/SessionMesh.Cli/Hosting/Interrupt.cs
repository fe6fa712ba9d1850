using System.Runtime.InteropServices;

namespace SessionMesh.Cli.Hosting;

/// <summary>
/// Ctrl+C and TERM as a cancelled token. The second one is not ours any more: it ends the process, unless it comes right behind the first.
/// </summary>
internal sealed class Interrupt : IDisposable
{
    /// <summary>What signals a process and then its group (<c>timeout</c>, npm, make) means one end by both, milliseconds.</summary>
    private const long SameWish = 500;

    private long _first;
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration[] _registrations;

    public Interrupt(bool takeSignals, CancellationToken outer)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        _registrations = takeSignals
            ? [PosixSignalRegistration.Create(PosixSignal.SIGINT, Take), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Take)]
            : [];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Take(PosixSignalContext signal)
    {
        if (!_source.IsCancellationRequested)
        {
            Interlocked.CompareExchange(ref _first, Environment.TickCount64, 0);
            signal.Cancel = true;
            _source.Cancel();
        }
        else if (Environment.TickCount64 - Volatile.Read(ref _first) < SameWish)
        {
            signal.Cancel = true;
        }
    }
}
