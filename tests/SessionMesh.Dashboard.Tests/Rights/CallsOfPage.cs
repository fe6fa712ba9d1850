using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using SessionMesh.Client;
using SessionMesh.Dashboard.Steering;

namespace SessionMesh.Dashboard.Tests.Rights;

/// <summary>
/// Where the page calls the mesh, as its code says: each call of the client, and each of the page's own acts, with the component or class
/// that it is in. Whatever a button does, it does by one of these.
/// </summary>
internal static class CallsOfPage
{
    /// <summary>Calls as <c>KeysTab > RevokeKeyAsync</c>, as often as they are written.</summary>
    public static IReadOnlyList<string> All { get; } = Read();

    /// <summary>Types of the framework that could reach the mesh beside the client.</summary>
    public static IReadOnlyList<string> WaysAround { get; } = ReadWaysAround();

    private static List<string> Read()
    {
        using var file = new PEReader(File.OpenRead(typeof(Acts).Assembly.Location));
        var code = file.GetMetadataReader();
        var calls = new List<string>();
        var targets = new Dictionary<int, string>();
        foreach (var handle in code.MemberReferences)
        {
            var member = code.GetMemberReference(handle);
            if (member.Parent.Kind == HandleKind.TypeReference
                && code.GetString(code.GetTypeReference((TypeReferenceHandle)member.Parent).Name) == nameof(MeshClient)
                && code.GetString(member.Name) is var name && name.EndsWith("Async", StringComparison.Ordinal))
            {
                targets[MetadataTokens.GetToken(handle)] = name;
            }
        }

        foreach (var handle in code.MethodDefinitions)
        {
            var method = code.GetMethodDefinition(handle);
            var name = code.GetString(method.Name);
            if (code.GetString(code.GetTypeDefinition(method.GetDeclaringType()).Name) == nameof(Acts)
                && name is nameof(Acts.SteerAsync) or nameof(Acts.KillAsync) or nameof(Acts.CountAsync))
            {
                targets[MetadataTokens.GetToken(handle)] = "Acts." + name;
            }
        }

        foreach (var handle in code.MethodDefinitions)
        {
            var method = code.GetMethodDefinition(handle);
            if (method.RelativeVirtualAddress == 0)
            {
                continue;
            }

            var place = OuterOf(code, method.GetDeclaringType());
            calls.AddRange(CallsIn(file.GetMethodBody(method.RelativeVirtualAddress).GetILContent(), targets)
                .Select(called => $"{place} > {called}"));
        }

        return calls;
    }

    /// <summary>Instructions call and callvirt with one of these as their target.</summary>
    private static IEnumerable<string> CallsIn(IReadOnlyList<byte> body, Dictionary<int, string> targets)
    {
        for (var at = 0; at + 4 < body.Count; at++)
        {
            if (body[at] is 0x28 or 0x6F
                && targets.TryGetValue(body[at + 1] | (body[at + 2] << 8) | (body[at + 3] << 16) | (body[at + 4] << 24), out var called))
            {
                yield return called;
            }
        }
    }

    /// <summary>The type that is written in the sources: the compiler puts lambdas and waiting methods into types of their own.</summary>
    private static string OuterOf(MetadataReader code, TypeDefinitionHandle handle)
    {
        var type = code.GetTypeDefinition(handle);
        return type.GetDeclaringType() is { IsNil: false } outer ? OuterOf(code, outer) : code.GetString(type.Name);
    }

    private static List<string> ReadWaysAround()
    {
        using var file = new PEReader(File.OpenRead(typeof(Acts).Assembly.Location));
        var code = file.GetMetadataReader();
        return
        [
            .. code.TypeReferences.Select(handle => code.GetString(code.GetTypeReference(handle).Name))
                .Where(name => name is "HttpClient" or "HttpMessageInvoker" or "HttpRequestMessage" or "WebSocket" or nameof(MeshCall)),
        ];
    }
}
