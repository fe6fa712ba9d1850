using System.Diagnostics;
using System.Globalization;
using System.Text;
using SessionMesh.Contracts;

namespace SessionMesh.Benchmarks;

/// <summary>
/// Imports so many sessions and exports them again, each as one stream, and prints both in records a second. The file is made beforehand:
/// making it costs as much as taking it.
/// </summary>
internal static class SessionFiles
{
    public static async Task<int> RunAsync(Mesh mesh, int count, string directory)
    {
        var file = Path.Combine(directory, "sessions.jsonl");
        await WriteFileAsync(file, count);

        var watch = Stopwatch.StartNew();
        await using (var records = File.OpenRead(file))
        {
            using var content = new StreamContent(records, 1 << 20);
            var answer = await mesh.PostAsync(Routes.SessionImport, content);
            if (!answer.Contains($"\"imported\":{count},", StringComparison.Ordinal))
            {
                throw new InvalidOperationException(answer);
            }
        }

        var imported = count / watch.Elapsed.TotalSeconds;
        watch.Restart();
        var lines = await CountLinesAsync(mesh);
        var exported = lines / watch.Elapsed.TotalSeconds;
        File.Delete(file);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{imported:0} {exported:0}"));
        if (lines != count)
        {
            throw new InvalidOperationException($"{lines} lines came back of {count}");
        }

        return 0;
    }

    private static async Task WriteFileAsync(string file, int count)
    {
        const string Begun = "2026-11-01T08:15:30.123456Z";
        const string Ends = "2036-11-01T08:15:30.123456Z";
        await using var writer = new StreamWriter(file, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 20);
        for (var i = 0; i < count; i++)
        {
            await writer.WriteLineAsync(
                $$$"""{"type":"session","id":"session-{{{i}}}","user":"user-{{{i % 1000}}}","status":"active","ttl":31536000,"meta":"""
                + $$$"""{"theme":"dark","plan":"pro"},"created_at":"{{{Begun}}}","last_access":"{{{Begun}}}","expires_at":"{{{Ends}}}"}""");
        }
    }

    private static async Task<long> CountLinesAsync(Mesh mesh)
    {
        await using var body = await mesh.ReadAsync(Routes.SessionExport + "?format=jsonl");
        var buffer = new byte[1 << 20];
        var lines = 0L;
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
        {
            lines += buffer.AsSpan(0, read).Count((byte)'\n');
        }

        return lines;
    }
}
