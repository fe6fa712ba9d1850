using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Config;

/// <summary>What is wrong with a config file: everything, not only the first, so that a file is mended once.</summary>
internal sealed class ConfigFaults(string file)
{
    /// <summary>More are counted, and not shown.</summary>
    public const int MostShown = 20;

    private readonly List<string> _faults = [];
    private int _count;

    public bool IsEmpty => _count == 0;

    public void Add(ConfigNode node, string what) => Add($"{node.At}: {what}");

    /// <summary>What this reads; the default where it is wrong, which is noted.</summary>
    public T? Take<T>(Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (CommandException e)
        {
            Add(e.Message);
            return default;
        }
    }

    /// <summary>Refuses a file that has a fault, with all of them.</summary>
    public void ThrowIfAny()
    {
        if (_count == 0)
        {
            return;
        }

        if (_count == 1)
        {
            throw CommandException.Usage(_faults[0]);
        }

        if (_count > MostShown)
        {
            _faults.Add($"and {_count - MostShown} more");
        }

        throw new CommandException(ExitCodes.Usage, $"{file} has {_count} faults, and nothing of it was done") { Lines = _faults };
    }

    private void Add(string fault)
    {
        if (++_count <= MostShown)
        {
            _faults.Add(fault);
        }
    }
}
