using System.ComponentModel;
using System.Diagnostics;

namespace SessionMesh.Cli.Hosting;

/// <summary>The browser of whoever sits at this machine.</summary>
internal static class Browser
{
    /// <summary>Opens a file in it; false where there is none, or nobody to see it.</summary>
    public static bool TryOpen(string file)
    {
        if (OperatingSystem.IsLinux() && !IsSet("DISPLAY") && !IsSet("WAYLAND_DISPLAY"))
        {
            return false;
        }

        try
        {
            var start = OperatingSystem.IsWindows() ? new ProcessStartInfo(file) { UseShellExecute = true }
                : new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [file])
                {
                    UseShellExecute = false,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                };
            using var opener = Process.Start(DatabaseSecret.Without(start));
            return opener is null || !opener.WaitForExit(TimeSpan.FromSeconds(2)) || opener.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
}
