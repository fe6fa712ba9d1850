using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Hosting;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Options;

public sealed class TlsTests : IDisposable
{
    private readonly string _files = Directory.CreateTempSubdirectory("mesh-tls-").FullName;

    public void Dispose() => Directory.Delete(_files, recursive: true);

    [Fact]
    public async Task Pem_WithItsKey_IsServed()
    {
        var made = Make();
        await using var mesh = await MeshHost.StartAsync(options: ["--urls", "https://127.0.0.1:0", .. Tls(made)]);
        Assert.Equal("https", mesh.Address.Scheme);
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
        Assert.Equal(made.Thumbprint, await ThumbprintAsync(mesh));
    }

    [Theory]
    [InlineData("a password")]
    [InlineData(null)]
    public async Task Pfx_WithItsPasswordInAFile_IsServed(string? password)
    {
        var made = Make();
        var pfx = Write("mesh.pfx", made.Export(X509ContentType.Pkcs12, password));
        string[] options = ["--urls", "https://127.0.0.1:0", "--tls-cert", pfx];
        if (password is not null)
        {
            options = [.. options, "--tls-password-file", Write("password", System.Text.Encoding.UTF8.GetBytes(password + "\n"))];
        }

        await using var mesh = await MeshHost.StartAsync(options: options);
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
        Assert.Equal(made.Thumbprint, await ThumbprintAsync(mesh));
    }

    [Fact]
    public async Task StrictTransport_IsSaidUnderTls_ButNotForLocalhost()
    {
        var made = Make();
        await using var mesh = await MeshHost.StartAsync(options: ["--urls", "https://127.0.0.1:0", .. Tls(made)]);
        Assert.Equal("max-age=31536000", (await mesh.GetAsync("alive")).Headers["Strict-Transport-Security"]);
        using var local = mesh.Request(HttpMethod.Get, "alive");
        local.Headers.Host = $"localhost:{mesh.Address.Port}";
        Assert.DoesNotContain("Strict-Transport-Security", (await mesh.SendAsync(local)).Headers.Keys);
        await using var plain = await MeshHost.StartAsync();
        Assert.DoesNotContain("Strict-Transport-Security", (await plain.GetAsync("alive")).Headers.Keys);
    }

    [Fact]
    public async Task PlainHttp_OnAnHttpsAddress_GetsNoAnswer()
    {
        var made = Make();
        await using var mesh = await MeshHost.StartAsync(options: ["--urls", "https://127.0.0.1:0", .. Tls(made)]);
        var request = $"GET /livez HTTP/1.1\r\nHost: 127.0.0.1:{mesh.Address.Port}\r\nConnection: close\r\n\r\n";
        Assert.Equal("", await mesh.SendRawAsync(request));
    }

    [Fact]
    public void Certificate_ThatIsNotValidNow_IsRefusedAndSaysUntilWhen()
    {
        var past = Make(from: -20, until: -10);
        Assert.Matches(@"^The certificate in .* expired on \d{4}-\d\d-\d\d \d\d:\d\d UTC\. .*--tls-cert FILE\.$", Refused(Tls(past)));
        var coming = Make(from: 10, until: 20);
        Assert.Matches(@"^The certificate in .* is valid from \d{4}-\d\d-\d\d \d\d:\d\d UTC\. ", Refused(Tls(coming)));
    }

    [Fact]
    public void Certificate_ThatCannotBeRead_IsRefusedAndSaysWhatToType()
    {
        var (one, other) = (Make(), Make());
        var nonsense = Write("nonsense", "not a certificate"u8.ToArray());
        var half = Write("half.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"u8.ToArray());
        var withoutKey = new X509Certificate2Collection(X509CertificateLoader.LoadCertificate(one.RawData));
        var keyless = Write("keyless.pfx", withoutKey.Export(X509ContentType.Pkcs12)!);
        var pfx = Write("locked.pfx", one.Export(X509ContentType.Pkcs12, "right"));
        foreach (var options in new[]
        {
            ["--tls-cert", Path.Combine(_files, "absent"), "--tls-key", Key(one)],
            ["--tls-cert", _files],
            ["--tls-cert", nonsense],
            ["--tls-cert", half, "--tls-key", Key(one)],
            ["--tls-cert", Pem(one), "--tls-key", Key(other)],
            ["--tls-cert", Pem(one), "--tls-key", Path.Combine(_files, "absent")],
            ["--tls-cert", Pem(one), "--tls-key", nonsense],
            ["--tls-cert", keyless],
            ["--tls-cert", pfx],
            ["--tls-cert", pfx, "--tls-password-file", Write("wrong", "wrong"u8.ToArray())],
            new[] { "--tls-cert", pfx, "--tls-password-file", Path.Combine(_files, "absent") },
        })
        {
            var words = Refused(options);
            Assert.Contains("--tls-cert FILE", words, StringComparison.Ordinal);
            Assert.DoesNotMatch("Access to the path|Could not find|PEM encoding|ASN1|The provided|password or", words);
        }
    }

    [Fact]
    public void Contradiction_IsRefusedAndSaysWhatToType()
    {
        var made = Make();
        var pfx = Write("mesh.pfx", made.Export(X509ContentType.Pkcs12));
        var password = Write("password", "x"u8.ToArray());
        Says(Tls(made), "no address is https. Say for example --urls https://", "http://127.0.0.1:1");
        Says([], "An https address needs a certificate. Say --tls-cert FILE");
        Says(["--insecure-http"], "An https address needs a certificate.");
        Says(["--tls-key", Key(made)], "--tls-key needs a certificate.");
        Says(["--tls-key", Key(made)], "--tls-key needs a certificate.", "http://127.0.0.1:1");
        Says(["--tls-password-file", password], "--tls-password-file needs a certificate.");
        Says(["--tls-cert", Pem(made)], "is PEM, and its key is in a file of its own. Say --tls-key FILE.");
        Says([.. Tls(made), "--tls-password-file", password], "--tls-password-file is for a PFX");
        Says(["--tls-cert", pfx, "--tls-key", Key(made)], "--tls-key is for a PEM certificate");
        Says(Tls(made), "'http://*:1' is not a loopback address", "https://127.0.0.1:1;http://*:1");

        static void Says(string[] options, string words, string urls = "https://127.0.0.1:1") =>
            Assert.Contains(words, Refused(options, urls), StringComparison.Ordinal);
    }

    private static string Refused(string[] options, string urls = "https://127.0.0.1:1") =>
        Assert.Throws<StartupException>(() => ServerOptions.Parse(["--urls", urls, .. options], _ => null, TimeProvider.System)).Message;

    private static async Task<string> ThumbprintAsync(MeshHost mesh)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(mesh.Address.Host, mesh.Address.Port);
        await using var tls = new SslStream(client.GetStream(), false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync("127.0.0.1").WaitAsync(Eventually.Bound);
        return X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.GetRawCertData()).Thumbprint;
    }

    /// <summary>A certificate for 127.0.0.1, valid between two days counted from now.</summary>
    private static X509Certificate2 Make(int from = -1, int until = 1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(from), now.AddDays(until));
    }

    private string[] Tls(X509Certificate2 made) => ["--tls-cert", Pem(made), "--tls-key", Key(made)];

    private string Pem(X509Certificate2 made) =>
        Write(made.Thumbprint + ".pem", System.Text.Encoding.ASCII.GetBytes(made.ExportCertificatePem()));

    private string Key(X509Certificate2 made) =>
        Write(made.Thumbprint + ".key", System.Text.Encoding.ASCII.GetBytes(made.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()));

    private string Write(string name, byte[] content)
    {
        var path = Path.Combine(_files, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
