using Microsoft.Extensions.AI;

namespace SessionMesh.Extensions.AI.Tests;

/// <summary>Ids of calls that repeat, as local models' do: each conversation begins at call_0.</summary>
public sealed class OpenCallTests
{
    [Fact]
    public void Result_OfOneConversation_EndsNoCallOfAnother()
    {
        var (slow, fast) = (Call("work", 1), Call("work", 1));
        var calls = new OpenCalls();
        calls.Add([slow]);
        calls.Add([fast]);
        Assert.Same(fast, Assert.Single(calls.Remove(Request(fast))));
        Assert.True(calls.Any());
        Assert.Empty(calls.Remove(Request(fast))); // the history of a conversation is in each of its requests
        Assert.Empty(calls.Remove(Request(Call("other", 1))));
        Assert.Same(slow, Assert.Single(calls.Remove(Request(slow))));
        Assert.False(calls.Any());
        GC.KeepAlive((slow, fast));
    }

    [Fact]
    public void Result_OfACopy_OrWithoutTheCall_EndsTheOneThatItCanBe()
    {
        var (one, two) = (Call("work", 1), Call("work", 2));
        var calls = new OpenCalls();
        calls.Add([one]);
        Assert.Same(one, Assert.Single(calls.Remove(Request(Call("work", 1)))));
        calls.Add([two]);
        Assert.Same(two, Assert.Single(calls.Remove([new ChatMessage(ChatRole.Tool, [new FunctionResultContent("call_0", "done")])])));
        GC.KeepAlive((one, two));
    }

    [Fact]
    public void Answer_OfAnotherConversation_IsNotKnownForThisOne()
    {
        var answer = new ModelAnswer();
        answer.Add([new ChatMessage(ChatRole.Assistant, [Call("work", 1)])]);
        Assert.True(answer.Mark.Has(new ChatMessage(ChatRole.Assistant, [Call("work", 1)])));
        Assert.False(answer.Mark.Has(new ChatMessage(ChatRole.Assistant, [Call("work", 2)])));
        Assert.False(answer.Mark.Has(new ChatMessage(ChatRole.Assistant, [Call("play", 1)])));
    }

    private static FunctionCallContent Call(string name, int part) =>
        new("call_0", name, new Dictionary<string, object?> { ["part"] = part });

    private static List<ChatMessage> Request(FunctionCallContent call) =>
    [
        new(ChatRole.User, "go"), new(ChatRole.Assistant, [call]), new(ChatRole.Tool, [new FunctionResultContent(call.CallId, "done")]),
    ];
}
