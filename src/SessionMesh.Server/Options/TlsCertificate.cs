using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SessionMesh.Storage;

namespace SessionMesh.Server.Options;

/// <summary>The certificate of the https addresses, and those between it and its root. Read once, at the start.</summary>
public sealed record TlsCertificate(X509Certificate2 Certificate, X509Certificate2Collection Chain)
{
    internal const string WhatToSay = "Say --tls-cert FILE --tls-key FILE for PEM, or --tls-cert FILE --tls-password-file FILE for PFX.";

    /// <exception cref="StartupException">
    /// A file is missing, cannot be read or is of another kind, or the certificate is not valid now.
    /// </exception>
    internal static TlsCertificate Load(string file, string? keyFile, string? passwordFile, TimeProvider time)
    {
        var isPem = false;
        try
        {
            isPem = File.ReadAllBytes(file).AsSpan().IndexOf("-----BEGIN"u8) >= 0;
            var loaded = isPem ? LoadPem(file, keyFile, passwordFile) : LoadPfx(file, keyFile, passwordFile);
            var now = time.GetUtcNow().UtcDateTime;
            var (from, until) = (loaded.Certificate.NotBefore.ToUniversalTime(), loaded.Certificate.NotAfter.ToUniversalTime());
            return now > until
                ? throw new StartupException($"The certificate in {file} expired on {until:yyyy-MM-dd HH:mm} UTC. "
                    + "Name a newer one with --tls-cert FILE.")
                : now < from
                ? throw new StartupException($"The certificate in {file} is valid from {from:yyyy-MM-dd HH:mm} UTC. "
                    + "Check the clock, or name another with --tls-cert FILE.")
                : loaded;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new StartupException($"No certificate with its key can be read from {file}: "
                + (isPem ? "it or its key is damaged, or the key is that of another. " : "it is damaged, or its password is another. ")
                + WhatToSay, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The certificate cannot be read: {FileWords.Of(e)}. Name it with --tls-cert FILE.", e);
        }
    }

    private static TlsCertificate LoadPem(string file, string? keyFile, string? passwordFile)
    {
        if (passwordFile is not null)
        {
            throw new StartupException($"--tls-password-file is for a PFX, and {file} is PEM. "
                + "Leave it out, and say --tls-key FILE with a key that has no password.");
        }

        if (keyFile is null)
        {
            throw new StartupException($"{file} is PEM, and its key is in a file of its own. Say --tls-key FILE.");
        }

        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(file);
        using var fromPem = X509Certificate2.CreateFromPemFile(file, keyFile);

        // Through PKCS#12, because some platforms cannot serve TLS with a key that is in memory alone.
        var certificate = X509CertificateLoader.LoadPkcs12(fromPem.Export(X509ContentType.Pkcs12), null);
        return new TlsCertificate(certificate, [.. all.Where(c => c.Thumbprint != certificate.Thumbprint)]);
    }

    private static TlsCertificate LoadPfx(string file, string? keyFile, string? passwordFile)
    {
        if (keyFile is not null)
        {
            throw new StartupException($"--tls-key is for a PEM certificate, and {file} is not PEM. Leave it out, or name a PEM file.");
        }

        var password = passwordFile is null ? null : File.ReadLines(passwordFile).FirstOrDefault();
        var all = X509CertificateLoader.LoadPkcs12CollectionFromFile(file, password);
        var certificate = all.FirstOrDefault(c => c.HasPrivateKey) ?? throw new CryptographicException("It has no private key.");
        return new TlsCertificate(certificate, [.. all.Where(c => c != certificate)]);
    }
}
