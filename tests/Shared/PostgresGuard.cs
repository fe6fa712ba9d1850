using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace SessionMesh.Tests;

/// <summary>
/// The shell that is PostgreSQL's parent. It takes orders on its stdin, so that it signals its own children alone, by ids that cannot be
/// somebody else's; and when that pipe ends, because whoever holds it closed it or was killed, it stops them and removes the directory.
/// </summary>
internal sealed class PostgresGuard : IAsyncDisposable
{
    /// <summary>The first argument is the directory, the second what to put before a command. Each order is answered with a line.</summary>
    private const string Script = """
        trap '' INT HUP PIPE
        scratch=$1 as=$2 server=
        exec 3<&0 4>&1 </dev/null 2>>"$scratch/guard.log"
        family() { echo "$server" $(cat /proc/"$server"/task/*/children); }
        lives() { kill -0 "$1" && ! grep -q '^State:.[ZX]' /proc/"$1"/status; }
        finish() {
            [ -n "$server" ] || return
            members=$(family)
            case $1 in
                KILL) kill -KILL $members ;;
                *) kill -"$1" "$server"; kill -CONT $members ;;
            esac
            wait "$server"
            # It does not wait for its own when it is killed.
            for one in $members; do
                while lives "$one"; do sleep 0.02; done
            done
            server=
        }
        while read -r order a b <&3; do
            case $order in
                start)
                    $as sh <"$scratch/command" >>"$scratch/log" 2>&1 3<&- 4>&- &
                    server=$!
                    echo "$server" >&4
                    continue ;;
                run) $as sh <"$scratch/command" >>"$scratch/log" 2>&1 3<&- 4>&-; echo "$?" >&4; continue ;;
                stop) finish "$a" ;;
                all) kill -"$a" $(family) ;;
                one) case " $(cat /proc/"$server"/task/*/children) " in *" $b "*) kill -"$a" "$b" ;; esac ;;
            esac
            echo done >&4
        done
        finish QUIT
        rm -rf "$scratch"
        """;

    private readonly Process _shell;
    private readonly SemaphoreSlim _turn = new(1);

    private PostgresGuard(string scratch, Process shell) => (Scratch, _shell) = (scratch, shell);

    /// <summary>The directory, mode 0700. It belongs to the account that the server runs as.</summary>
    public string Scratch { get; }

    /// <summary>What the commands printed.</summary>
    public string Log => Path.Combine(Scratch, "log");

    /// <summary>Makes the directory and starts the shell. PostgreSQL does not run as root: there another account runs it.</summary>
    public static PostgresGuard Make()
    {
        var scratch = Directory.CreateTempSubdirectory("mesh-postgres-").FullName;
        var die = "setpriv --pdeathsig QUIT";
        if (Environment.IsPrivilegedProcess)
        {
            var (user, group) = Account();
            die += $" --reuid {user} --regid {group} --clear-groups";
            if (Chown(scratch, user, group) != 0)
            {
                throw new InvalidOperationException($"{scratch} cannot be given to account {user}");
            }
        }

        var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script, "postgres-guard", scratch, die])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
        return new PostgresGuard(scratch, shell);
    }

    /// <summary>The whole path of one of PostgreSQL's programs, of the newest version that is installed.</summary>
    public static string Program(string name)
    {
        const string Debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(Debian) ? Directory.GetDirectories(Debian) : [];
        var found = versions.OrderByDescending(path => int.TryParse(Path.GetFileName(path), out var version) ? version : 0)
            .Select(path => Path.Combine(path, "bin"))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'))
            .Select(bin => Path.Combine(bin, name))
            .FirstOrDefault(File.Exists);
        return found ?? throw new InvalidOperationException(
            $"PostgreSQL's {name} is not here. ./eng/test.sh installs it; by hand: apt-get install postgresql");
    }

    /// <summary>Whether a child of the shell is gone, or has ended and was not asked about yet.</summary>
    public static bool HasEnded(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is 'Z' or 'X';
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Runs a command as the server's account to its end.</summary>
    public async Task RunAsync(string[] command)
    {
        await WriteCommandAsync(command);
        if (await TellAsync("run") is not "0")
        {
            throw new InvalidOperationException($"{Path.GetFileName(command[0])} failed:\n{await File.ReadAllTextAsync(Log)}");
        }
    }

    /// <summary>Starts the server; its process id.</summary>
    public async Task<int> StartAsync(string[] command)
    {
        await WriteCommandAsync(command);
        return int.Parse(await TellAsync("start"), CultureInfo.InvariantCulture);
    }

    /// <summary>Gives an order, and returns its answer once it is carried out.</summary>
    public async Task<string> TellAsync(string order)
    {
        await _turn.WaitAsync();
        try
        {
            await _shell.StandardInput.WriteLineAsync(order);
            await _shell.StandardInput.FlushAsync();
            return await _shell.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Bound)
                ?? throw new InvalidOperationException("the shell that keeps PostgreSQL ended");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Stops the server and removes the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync().WaitAsync(Eventually.Bound);
        _shell.Dispose();
        _turn.Dispose();
    }

    /// <summary>In a file, because an order is a line of plain words.</summary>
    private Task WriteCommandAsync(string[] command)
    {
        var words = command.Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'");
        return File.WriteAllTextAsync(Path.Combine(Scratch, "command"), $"exec {string.Join(' ', words)} </dev/null\n");
    }

    private static (int User, int Group) Account()
    {
        var accounts = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).ToList();
        var found = accounts.Find(fields => fields[0] == "postgres") ?? accounts.Find(fields => fields[0] == "nobody")
            ?? throw new InvalidOperationException("there is neither an account postgres nor nobody to run PostgreSQL as");
        return (int.Parse(found[2], CultureInfo.InvariantCulture), int.Parse(found[3], CultureInfo.InvariantCulture));
    }

    [DllImport("libc", EntryPoint = "chown")]
    private static extern int Chown([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int user, int group);
}
