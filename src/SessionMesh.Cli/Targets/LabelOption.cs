using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Targets;

/// <summary><c>-l/--label KEY=VALUE</c>, as often as wanted or several with commas: an agent must have them all.</summary>
internal sealed class LabelOption
{
    private readonly Option<string[]> _option;

    public LabelOption(Command command, string description)
    {
        _option = new Option<string[]>("--label", "-l") { Description = description, HelpName = "KEY=VALUE" };
        command.Add(_option);
    }

    /// <summary>Null where none is given.</summary>
    public Dictionary<string, string>? Find(CommandContext context)
    {
        if (context.Get(_option) is not { Length: > 0 } texts)
        {
            return null;
        }

        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in LabelWords.Read(texts))
        {
            if (!labels.TryAdd(key, value))
            {
                throw CommandException.Usage($"--label {key} is given twice, and an agent has it once");
            }
        }

        return labels;
    }
}
