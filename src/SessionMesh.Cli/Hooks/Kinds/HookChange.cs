using System.Globalization;
using SessionMesh.Cli.Hooks.Editing;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>What is to be done to one settings file: decided first, shown or done then.</summary>
internal sealed class HookChange
{
    public const string Installed = "installed";
    public const string Updated = "updated";
    public const string Unchanged = "unchanged";
    public const string Removed = "removed";
    public const string Absent = "not installed";

    private readonly CliHost _host;
    private readonly HookedAgent _agent;
    private readonly SettingsFile _file;
    private readonly SettingsRecord? _record;

    private HookChange(CliHost host, HookedAgent agent, SettingsFile file, string state, string? after, SettingsRecord? record) =>
        (_host, _agent, _file, State, After, _record) = (host, agent, file, state, after, record);

    public string State { get; }

    /// <summary>What is there now; null without a file.</summary>
    public string? Before => _file.Text;

    /// <summary>What is there afterwards; null for no file.</summary>
    public string? After { get; }

    public bool IsOne => State is not (Unchanged or Absent);

    public string Path => _file.Path;

    private string RecordPath => HookState.RecordOf(_host, _agent.Name, _file.Target);

    /// <summary>Brings what is ours up to date, where it is not.</summary>
    public static HookChange Install(CliHost host, HookedAgent agent, string path, SettingsShape shape)
    {
        var file = SettingsFile.Read(path);
        return Guard(path, () =>
        {
            var text = Parse(agent, file);
            shape.Check(text);
            var hasOurs = shape.HasOurs(text);
            if (hasOurs && shape.IsUpToDate(text))
            {
                return new HookChange(host, agent, file, Unchanged, file.Text, null);
            }

            var last = hasOurs ? SettingsRecord.Load(HookState.RecordOf(host, agent.Name, file.Target)) : null;
            var record = last is not null
                ? new SettingsRecord { IsNew = last.IsNew, Directories = last.Directories, Blank = last.Blank }
                : new SettingsRecord
                {
                    IsNew = file.Text is null,
                    Directories = file.Text is null ? file.MissingDirectories() : [],
                    Blank = IsBlank(file.Text) ? file.Text : null,
                };
            var after = shape.Add(hasOurs ? shape.Remove(text, last) : text, record).Text;
            return new HookChange(host, agent, file, hasOurs ? Updated : Installed, after, record);
        });
    }

    /// <summary>Takes out what is ours, and what came with it.</summary>
    public static HookChange Uninstall(CliHost host, HookedAgent agent, string path, SettingsShape shape)
    {
        var file = SettingsFile.Read(path);
        if (file.Text is null || IsBlank(file.Text))
        {
            return new HookChange(host, agent, file, Absent, file.Text, null);
        }

        return Guard(path, () =>
        {
            var text = Parse(agent, file);
            shape.Check(text);
            if (!shape.HasOurs(text))
            {
                return new HookChange(host, agent, file, Absent, file.Text, null);
            }

            var record = SettingsRecord.Load(HookState.RecordOf(host, agent.Name, file.Target));
            var less = shape.Remove(text, record).Text;
            var isEmpty = less.Trim('\uFEFF', ' ', '\t', '\r', '\n') == "{}";
            var after = isEmpty && record is { IsNew: true } ? null : isEmpty && record?.Blank is { } blank ? blank : less;
            return new HookChange(host, agent, file, Removed, after, record);
        });
    }

    /// <returns>Where what was there is kept; null where nothing was.</returns>
    public string? Apply()
    {
        if (!IsOne)
        {
            return null;
        }

        string? backup = null;
        try
        {
            if (_file.Text is not null)
            {
                backup = HookState.BackupOf(_host, _agent.Name, _file.Target);
                PrivateFiles.Write(backup, _file.Bytes);
            }

            if (State != Removed)
            {
                _record!.Save(RecordPath);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                ExitCodes.Failed, FileWords.Of(e, HookState.DirectoryOf(_host)), "XDG_STATE_HOME, for a directory that can be written to");
        }

        _file.Write(After);
        if (State == Removed)
        {
            if (File.Exists(RecordPath))
            {
                File.Delete(RecordPath);
            }

            RemoveDirectories(After is null ? _record!.Directories : []);
        }

        return backup;
    }

    /// <summary>Those that we made, the innermost first, as long as nobody else put anything there.</summary>
    public static void RemoveDirectories(IEnumerable<string> directories)
    {
        foreach (var directory in directories.Reverse())
        {
            try
            {
                Directory.Delete(directory);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return;
            }
        }
    }

    /// <summary>Text that is read as no settings at all is taken for none.</summary>
    private static SettingsText Parse(HookedAgent agent, SettingsFile file) => SettingsText.Parse(
        IsBlank(file.Text) ? (file.Text?.StartsWith('\uFEFF') == true ? "\uFEFF" : "") + "{}\n" : file.Text!, agent.Dialect);

    private static bool IsBlank(string? text) => text is null || text.Trim('\uFEFF', ' ', '\t', '\r', '\n').Length == 0;

    private static HookChange Guard(string path, Func<HookChange> decide)
    {
        try
        {
            return decide();
        }
        catch (SettingsFault e)
        {
            throw new CommandException(
                ExitCodes.Failed, string.Create(CultureInfo.InvariantCulture, $"{path}:{e.Line}:{e.Column}: {e.Message}"),
                "the same command, once that is put right; nothing was changed");
        }
    }
}
