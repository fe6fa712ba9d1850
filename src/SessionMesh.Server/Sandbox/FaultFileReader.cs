using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Sandbox;
using SessionMesh.Server.Http;
using SessionMesh.Server.Options;
using SessionMesh.Storage;

namespace SessionMesh.Server.Sandbox;

/// <summary>The file of <c>--sandbox-faults</c>.</summary>
internal static class FaultFileReader
{
    /// <summary>Sets the faults of a file, or none.</summary>
    /// <exception cref="StartupException">It cannot be read, or something in it is wrong: the message names entry and member.</exception>
    public static void Set(string path, Faults faults)
    {
        var entries = Read(path).Faults ?? throw Wrong(path, "faults: is missing; it is an array of faults");
        if (entries.Count > Limits.Faults)
        {
            throw Wrong(path, $"faults: has at most {Limits.Faults} entries");
        }

        var check = new Check();
        var bound = new List<(FaultRequest Request, FaultTarget Target)>();
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i] is not { } entry)
            {
                check.Fail($"/faults/{i}", "is null, and is an object");
            }
            else if (faults.Bind(entry, ref check, $"/faults/{i}") is { } target)
            {
                bound.Add((entry, target));
            }
        }

        if (check.Error is { } error)
        {
            throw Wrong(path, error.Detail);
        }

        bound.ForEach(fault => faults.Set(fault.Request, fault.Target));
    }

    private static FaultFile Read(string path)
    {
        byte[] text;
        try
        {
            text = ReadBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{OptionTable.SandboxFaults.Name}: {path} cannot be read: {FileWords.Of(e, path)}.", e);
        }

        var file = RequestBody.Parse(text, MeshJson.Default.FaultFile);
        return file.Value ?? throw Wrong(path, file.Error!.Code == ErrorCodes.InvalidJson
            ? file.Error.Detail.Replace("The body", "it", StringComparison.Ordinal)
            : file.Error.Detail);
    }

    private static byte[] ReadBytes(string path)
    {
        using var file = File.OpenRead(path);
        var most = Limits.BodyBytes;
        var text = new byte[most + 1];
        var length = file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        return length <= most ? text[..length] : throw Wrong(path, $"it has more than {most / 1024} KiB");
    }

    private static StartupException Wrong(string path, string what) =>
        new($"{OptionTable.SandboxFaults.Name}: {path}: {what.TrimEnd('.')}.");
}
