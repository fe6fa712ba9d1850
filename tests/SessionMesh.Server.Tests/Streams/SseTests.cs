using System.Net.Sockets;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Streams;

/// <summary>What every stream of server-sent events shares.</summary>
public sealed class SseTests
{
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Stream_Quiet_SaysThatItIsStillThere_AndAloneProvesNoLife()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var stream = await mesh.ListenAsync("agents/a/directives");
        for (var i = 0; i < 4; i++)
        {
            await mesh.Time.ArmedAsync(s_beat);
            await mesh.AdvanceAsync(15);
            Assert.Equal("still here", (await stream.NextAsync(":")).Data);
        }

        await mesh.AdvanceAsync(1);
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, differs: "\"status\":\"suspect\",\"connected\":true"));
    }

    [Fact]
    public async Task Stream_OfDataWithLineBreaks_IsStillOneEvent()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var stream = await mesh.ListenAsync("agents/a/directives");
        await mesh.PostAsync(
            "steer",
            "{\"agent_id\":\"a\",\"direction\":\"north\",\"message\":\"1\\n\\n2\",\"data\":{\r\n\r\n  \"a\" : [ 1,\n\n 2 ],\n"
            + "\"b\": \" \\n\\u2028 \\\" \" }}");
        JsonAssert.Same(
            Directive(3, "a", 1, differs: """ "message":"1\n\n2","data":{"a":[1,2],"b":" \n\u2028 \" "} """),
            (await stream.NextAsync("directive")).Data);
    }

    [Fact]
    public async Task Stream_Shutdown_SaysGoAway()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var stream = await mesh.ListenAsync("agents/a/directives");
        await using var events = await mesh.ListenAsync("events");
        await mesh.BeginStop();
        foreach (var open in new[] { stream, events })
        {
            JsonAssert.Same("""{"code":"shutdown","detail":"*"}""", (await open.NextAsync("goaway")).Data);
            await open.NextAsync("(end)");
        }
    }
}
