using System.Runtime.InteropServices;

namespace SessionMesh.Cli.Run.Process;

/// <summary>
/// Signals that reach us instead of the child. TERM starts a stop of the whole tree; the others are passed on to the
/// child's group as they are, and what they mean is its affair. A signal that was ignored when we were started stays so.
/// </summary>
internal sealed class SignalRelay : IDisposable
{
    private static readonly int[] s_passedOn = [Signals.Hup, Signals.Int, Signals.Quit, Signals.Usr1, Signals.Usr2, Signals.Winch];

    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <param name="passOn">Called with the signal's number.</param>
    /// <param name="terminate">Called at each TERM.</param>
    /// <param name="suspend">Called when we are asked to stop as a job (TSTP): we keep running until we stop ourselves.</param>
    /// <param name="continued">Called after we were continued.</param>
    public SignalRelay(Action<int> passOn, Action terminate, Action suspend, Action continued)
    {
        foreach (var signal in s_passedOn)
        {
            On(signal, () => passOn(signal));
        }

        On(Signals.Term, terminate);
        On(Signals.Tstp, suspend);
        On(Signals.Cont, continued);
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _registrations.Clear();
    }

    private void On(int signal, Action act)
    {
        if (Spawner.WasIgnored(signal))
        {
            return;
        }

        _registrations.Add(PosixSignalRegistration.Create((PosixSignal)signal, context =>
        {
            context.Cancel = true;
            act();
        }));
    }
}
