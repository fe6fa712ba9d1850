using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Simulate;

/// <summary>Shows on stderr how the play goes: one line that changes on a terminal, a line now and then elsewhere.</summary>
internal sealed class SimulationProgress(CliHost host, Tally tally)
{
    private const int Columns = 80;

    public async Task ShowAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(host.ErrorIsTerminal ? TimeSpan.FromSeconds(0.5) : TimeSpan.FromSeconds(10), host.Time);
        var (beats, at) = (0L, host.Time.GetTimestamp());
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                var (beatsNow, now) = (tally.Beats, host.Time.GetTimestamp());
                Show(tally.Line((beatsNow - beats) / host.Time.GetElapsedTime(at, now).TotalSeconds));
                (beats, at) = (beatsNow, now);
            }
        }
        catch (OperationCanceledException)
        {
            if (host.ErrorIsTerminal)
            {
                host.Error.Write("\r\e[K");
            }
        }
    }

    private void Show(string line)
    {
        if (!host.ErrorIsTerminal)
        {
            host.Error.WriteLine(line);
            return;
        }

        var width = Math.Max(20, (host.Width ?? Columns) - 1);
        host.Error.Write("\r" + (line.Length > width ? line[..(width - 1)] + "…" : line) + "\e[K");
    }
}
