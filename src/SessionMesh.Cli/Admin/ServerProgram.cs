using System.ComponentModel;
using System.Diagnostics;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Admin;

/// <summary>
/// The server's program, for what only its engine can do to a stopped mesh: what <c>SESSION_MESH_SERVER</c> names, else what lies beside
/// this tool. Where there is none, the error gives the whole command line to type.
/// </summary>
internal sealed class ServerProgram(CliHost host)
{
    public const string Variable = "SESSION_MESH_SERVER";

    private static readonly string[] s_beside =
        ["SessionMesh.Server", "SessionMesh.Server.dll", "server/SessionMesh.Server", "server/SessionMesh.Server.dll"];

    /// <summary>Runs it to its end: what it printed, without the line's end.</summary>
    /// <param name="progress">Gets what it says meanwhile, a line at a time; then it may use the database, too.</param>
    /// <exception cref="CommandException">It is not there, cannot be started, or refused; nothing was changed.</exception>
    public async Task<string> RunAsync(
        IReadOnlyList<string> arguments, CancellationToken cancellation, Action<string>? progress = null)
    {
        if (Find() is not { } program)
        {
            var why = $"the server's program does this, and is not beside this tool ({Variable} would name it)";
            throw new CommandException(ExitCodes.Failed, why, Line("SessionMesh.Server.dll", arguments));
        }

        var (file, before) = CommandOf(program);
        var start = new ProcessStartInfo(file, [.. before, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment.Remove(MeshSettings.KeyVariable); // it needs none
        Process process;
        try
        {
            process = Process.Start(DatabaseSecret.Without(start, unless: progress is not null))!;
        }
        catch (Win32Exception e)
        {
            var why = FileWords.OfSystem(e.NativeErrorCode);
            throw new CommandException(ExitCodes.Failed, $"{program} cannot be started: {why}", Line(program, arguments));
        }

        using (process)
        {
            // Once begun it is let finish: it takes a moment, and what it does is done or not.
            var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            var error = LastAsync(process.StandardError, progress);
            await process.WaitForExitAsync(CancellationToken.None);
            cancellation.ThrowIfCancellationRequested();
            return process.ExitCode == 0 ? (await output).TrimEnd() : throw new CommandException(ExitCodes.Failed, (await error).Trim());
        }
    }

    /// <summary>All that it says; with somebody to tell, the last line, and each before it as it comes.</summary>
    private static async Task<string> LastAsync(StreamReader lines, Action<string>? progress)
    {
        if (progress is null)
        {
            return await lines.ReadToEndAsync(CancellationToken.None);
        }

        var last = "";
        while (await lines.ReadLineAsync(CancellationToken.None) is { } line)
        {
            last = line;
            progress(line);
        }

        return last;
    }

    private string? Find() =>
        host.Env(Variable) ?? s_beside.Select(name => Path.Combine(host.ProgramDirectory, name)).FirstOrDefault(File.Exists);

    /// <summary>An assembly needs the runtime's own program before it.</summary>
    private (string File, string[] Before) CommandOf(string program) =>
        !program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? (program, [])
        : host.Env("DOTNET_ROOT") is { } root ? (Path.Combine(root, "dotnet"), [program])
        : ("dotnet", [program]);

    /// <summary>As a shell takes it.</summary>
    private static string Line(string program, IEnumerable<string> arguments)
    {
        string[] first = program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? ["dotnet", program] : [program];
        return string.Join(' ', first.Concat(arguments).Select(Quoted));
    }

    private static string Quoted(string word) =>
        word.All(c => char.IsAsciiLetterOrDigit(c) || "/._-=".Contains(c))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
