namespace SessionMesh.Cli.Hooks.Editing;

/// <summary>How an agent's program reads its settings: what it would not read is not taken here either.</summary>
internal enum SettingsDialect
{
    Json,

    /// <summary>JSON with comments.</summary>
    Jsonc,

    /// <summary>With trailing commas, bare keys, single quotes and other numbers as well.</summary>
    Json5,
}
