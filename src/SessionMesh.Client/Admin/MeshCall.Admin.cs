using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    /// <summary>For what takes as long as the store is large.</summary>
    private static readonly TimeSpan s_long = TimeSpan.FromHours(6);

    /// <summary>Which server this is, and how it stands; for any key.</summary>
    public static MeshCall Status() => Get(Routes.Status);

    /// <summary>The same, with what happened in each of the last sixty minutes.</summary>
    public static MeshCall StatusWithHour() => Get(Routes.Status + "?hour=true");

    /// <summary>Removes now what is older than is kept; answers at the end. Sent again it joins the pass that runs.</summary>
    public static MeshCall Compact() => new(HttpMethod.Post, Routes.AdminCompact) { Hold = s_long };

    /// <summary>How far the compaction is.</summary>
    public static MeshCall Compaction() => Get(Routes.AdminCompact);

    /// <summary>Looks whether the store is whole: as long as reading it takes.</summary>
    public static MeshCall CheckStore() => new(HttpMethod.Post, Routes.AdminCheck) { Hold = s_long };

    /// <summary>
    /// Replaces the root key. The key that asks is over by it unless it lies below the root key and <paramref name="keepChildren"/> is
    /// said. When the answer is lost, the new secret is in <c>root.key</c> of the server's data directory and nowhere else.
    /// </summary>
    public static MeshCall NewRoot(bool keepChildren) =>
        Write(
            HttpMethod.Post, Routes.AdminNewRoot, new NewRootRequest { KeepChildren = keepChildren ? true : null },
            ClientJson.Context.NewRootRequest);
}
