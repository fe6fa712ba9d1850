using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using SessionMesh.Contracts;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Storage;

namespace SessionMesh.Server.Hosting;

/// <summary>The addresses to listen on, and the limits of a connection before its key is known.</summary>
internal static class Listening
{
    /// <summary>
    /// How long the head of a request may take to arrive: a slow link needs one second, and 2,000 connections that send a byte at a time
    /// are gone after ten.
    /// </summary>
    public static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Between two attempts to start again.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    public static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        Bound(kestrel.Limits, options);
        foreach (var address in options.Addresses)
        {
            Listen(kestrel, address, listen =>
            {
                // No HTTP/2: a connection is one request at a time, so that the limit on connections also limits requests.
                listen.Protocols = HttpProtocols.Http1;
                if (address.IsTls)
                {
                    listen.UseHttps(new HttpsConnectionAdapterOptions
                    {
                        ServerCertificate = options.Tls!.Certificate,
                        ServerCertificateChain = options.Tls.Chain,
                        HandshakeTimeout = HeadTimeout,
                    });
                }
            });
        }
    }

    /// <summary>
    /// Builds a server and starts it. One that takes the place of another in this process waits for a PostgreSQL that is away or refuses,
    /// as the one before did. One that finds out while it starts that it has to begin anew does so.
    /// </summary>
    /// <param name="before">The server before; null for the first.</param>
    /// <exception cref="StartupException">It cannot start.</exception>
    public static async Task<WebApplication> StartAgainAsync(string[] args, ServerOptions? before, TextWriter errors)
    {
        var said = "";
        while (true)
        {
            var isToStartAgain = before?.Postgres is not null;
            try
            {
                var app = MeshServer.Build(args, before: before);
                try
                {
                    await StartAsync(app);
                    return app;
                }
                catch
                {
                    isToStartAgain |= app.Services.GetRequiredService<Restart>().IsAsked;
                    await app.DisposeAsync();
                    throw;
                }
            }
            catch (Exception e) when (isToStartAgain && WhyNot(e) is { } why)
            {
                if (why != said)
                {
                    said = why;
                    await errors.WriteLineAsync($"session-mesh server: {why} It tries again.");
                }

                await Task.Delay(s_pause);
            }
        }
    }

    /// <summary>Why a start failed, if another may succeed.</summary>
    private static string? WhyNot(Exception e) => e switch
    {
        StartupException => e.Message,
        OperationCanceledException => null, // somebody stops the process
        _ when PostgresWords.CauseOf(e) is { } cause => $"PostgreSQL {PostgresWords.Of(cause)}",
        _ => null,
    };

    /// <summary>Starts it.</summary>
    /// <exception cref="StartupException">An address cannot be listened on.</exception>
    public static async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new StartupException(InUse(e, app.Services.GetRequiredService<ServerOptions>().Addresses), e);
        }
        catch (SocketException e)
        {
            var addresses = app.Services.GetRequiredService<ServerOptions>().Addresses;
            var which = addresses is [var one] ? one.Url : $"One of {string.Join(", ", addresses.Select(address => address.Url))}";
            throw new StartupException(
                e.SocketErrorCode switch
                {
                    SocketError.AddressNotAvailable =>
                        $"{which} is not an address of this machine. Name one that is with --urls.",
                    SocketError.AccessDenied =>
                        $"{which} is not for this account to listen on. Choose a port above 1023 with --urls.",
                    _ => $"{which} cannot be listened on: {FileWords.OfSystem(e.NativeErrorCode)}. Choose another address with --urls.",
                },
                e);
        }
    }

    /// <summary>Only its text says which address it was.</summary>
    private static string InUse(IOException error, IReadOnlyList<ListenAddress> addresses)
    {
        var taken = addresses.FirstOrDefault(address => error.Message.Contains($":{address.Port}:", StringComparison.Ordinal))
            ?? addresses[0];
        var free = taken with { Port = taken.Port == IPEndPoint.MaxPort ? taken.Port - 1 : taken.Port + 1 };
        return $"Port {taken.Port} is in use: another program listens at {taken.Url}. "
            + $"Stop it, or choose another port, such as --urls {free.Url}.";
    }

    /// <summary>The options of a started server, with the ports that the system chose in place of 0.</summary>
    public static ServerOptions Chosen(WebApplication app)
    {
        var bound = Urls(app).ToList();
        var asked = app.Services.GetRequiredService<ServerOptions>();
        return asked with
        {
            Addresses =
            [
                .. asked.Addresses.Select((address, i) =>
                    address.Port == 0 ? address with { Port = BindingAddress.Parse(bound[i]).Port } : address),
            ],
        };
    }

    /// <summary>
    /// Writes where the started server listens beside its root key, which the tool sends there alone. A server that can't write it runs
    /// all the same, with a warning: its disk may be full, and a start is what mends that.
    /// </summary>
    public static void Announce(WebApplication app, TextWriter errors)
    {
        var directory = app.Services.GetRequiredService<DataDirectory>();
        try
        {
            directory.WriteAddresses(Urls(app));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"session-mesh server: warning: {directory.AddressFile} cannot be written: "
                + $"{FileWords.Of(e, directory.AddressFile)}. "
                + $"The tool does not find the key in {directory.RootKeyFile} by itself: name it with --key-file.");
            Withdraw(app, errors); // what a killed server left there may belong to somebody else by now
        }
    }

    /// <summary>Takes that back: whoever listens there next is somebody else.</summary>
    public static void Withdraw(WebApplication app, TextWriter errors)
    {
        var directory = app.Services.GetRequiredService<DataDirectory>();
        try
        {
            directory.ForgetAddresses();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"session-mesh server: warning: {directory.AddressFile} cannot be deleted: "
                + $"{FileWords.Of(e, directory.AddressFile)}. "
                + "Delete it: the tool sends the root key to whoever listens at the addresses in it.");
        }
    }

    /// <summary>What a started server is bound to, as URLs: <c>http://127.0.0.1:7420</c>, <c>http://localhost:7420</c>.</summary>
    public static ICollection<string> Urls(WebApplication app) =>
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

    private static void Bound(KestrelServerLimits limits, ServerOptions options)
    {
        limits.MaxConcurrentConnections = options.MaxConnections;
        limits.RequestHeadersTimeout = HeadTimeout;
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130); // longer than the two minutes for which proxies keep idle ones
        limits.MaxRequestLineSize = 8 * 1024;                // a selector with a few hundred agents in a query
        limits.MaxRequestHeadersTotalSize = 16 * 1024;       // ours are a few hundred bytes; proxies add their own
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestBodySize = Limits.BodyBytes * 2;    // includes the framing of chunks; RequestBody counts exactly
        limits.MaxRequestBufferSize = Limits.BodyBytes * 2;
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5)); // a modem's
    }

    private static void Listen(KestrelServerOptions kestrel, ListenAddress address, Action<ListenOptions> configure)
    {
        if (address.Ip is { } ip)
        {
            kestrel.Listen(ip, address.Port, configure);
        }
        else if (address.IsLoopback)
        {
            kestrel.ListenLocalhost(address.Port, configure);
        }
        else
        {
            kestrel.ListenAnyIP(address.Port, configure);
        }
    }
}
