namespace SessionMesh.Contracts;

/// <summary>Every bound the API enforces, in one place: the server applies them, the tool and the documents quote them.</summary>
public static class Limits
{
    /// <summary>Bytes of a request body.</summary>
    public const int BodyBytes = 64 * 1024;

    /// <summary>Bytes of the body of <c>POST /steers</c>.</summary>
    public const int SteersBytes = 1024 * 1024;

    /// <summary>Bytes of a message of <c>POST /mcp</c>: the largest body that a tool can stand for, and what is around it.</summary>
    public const int McpBytes = 2 * BodyBytes;

    /// <summary>Steers in one call of <c>POST /steers</c>.</summary>
    public const int Steers = 1000;

    /// <summary>Nesting of a request body.</summary>
    public const int JsonDepth = 16;

    /// <summary>Rows a page when the caller does not say.</summary>
    public const int DefaultPage = 100;

    /// <summary>Rows a page at most.</summary>
    public const int MaxPage = 1000;

    /// <summary>Kinds, or subjects, that one reader of the events may name.</summary>
    public const int EventWords = 100;

    /// <summary>
    /// Agents that a page of a list looks at in vain, where no index knows the answer; then the page ends, and its cursor goes on. It is
    /// also how many a sort by what agents report takes at once: a longer list is in order run by run.
    /// </summary>
    public const int ListLooks = 10_000;

    /// <summary>Pending directives of one agent.</summary>
    public const int Inbox = 1000;

    /// <summary>
    /// Characters of message and data that the answer to a heartbeat or to a poll carries: past it the others wait for the next. A
    /// directive that has more goes out alone.
    /// </summary>
    public const int InboxAnswer = 1024 * 1024;

    /// <summary>Agents that one call by selector may reach: it is one transaction, and others wait behind it.</summary>
    public const int SelectorMatches = 10_000;

    /// <summary>Agents that a selector may name one by one.</summary>
    public const int SelectorIds = 1000;

    /// <summary>Characters of a direction: a token, not a text.</summary>
    public const int DirectionLength = 256;

    /// <summary>Characters of a message, a note or a reason.</summary>
    public const int MessageLength = 16 * 1024;

    /// <summary>Characters of the note an agent reports with its heartbeat or its ack, and of a kill's reason.</summary>
    public const int NoteLength = 1024;

    /// <summary>Characters of a specialization, a user or a cluster name.</summary>
    public const int NameLength = 128;

    /// <summary>Specializations of one agent.</summary>
    public const int Specializations = 64;

    /// <summary>Parts of a specialization's name: <c>image/ocr</c> has two.</summary>
    public const int SpecializationParts = 8;

    /// <summary>How good an agent is at a specialization that it says no more of.</summary>
    public const int DefaultSkillLevel = 50;

    /// <summary>How good an agent can be at a specialization.</summary>
    public const int MaxSkillLevel = 100;

    /// <summary>Jobs that an agent can take at once in one specialization.</summary>
    public const int MaxCapacity = 10_000;

    /// <summary>Seconds of a claim's lease when the caller does not say.</summary>
    public const int DefaultClaimTtl = 60;

    /// <summary>Shortest lease of a claim, seconds.</summary>
    public const int MinClaimTtl = 5;

    /// <summary>Longest lease of a claim, seconds.</summary>
    public const int MaxClaimTtl = 86_400;

    /// <summary>Claims that are held in a mesh.</summary>
    public const int Claims = 1_000_000;

    /// <summary>Claims that the keys of one account hold.</summary>
    public const int ClaimsPerAccount = 100_000;

    /// <summary>Links that are declared in a mesh.</summary>
    public const int Links = 1_000_000;

    /// <summary>Links that the keys of one account declare.</summary>
    public const int LinksPerAccount = 100_000;

    /// <summary>Links that begin at one agent.</summary>
    public const int LinksFromAgent = 1_000;

    /// <summary>Links that lead to one agent: many may lead to the one in the middle.</summary>
    public const int LinksToAgent = 10_000;

    /// <summary>Weight of a link, at most.</summary>
    public const double MaxLinkWeight = 1_000_000_000;

    /// <summary>Links in one page of the topology; a page with more has fewer agents.</summary>
    public const int TopologyLinks = 10_000;

    /// <summary>Agents in one answer of a match.</summary>
    public const int Matches = 100;

    /// <summary>Labels of one agent.</summary>
    public const int Labels = 64;

    /// <summary>Characters of a label's value; its key follows <see cref="MeshId"/>.</summary>
    public const int LabelValueLength = 256;

    /// <summary>Seconds an agent's lease lasts when registered with <c>POST /agents</c>.</summary>
    public const int DefaultAgentTtl = 60;

    /// <summary>Seconds an agent's lease lasts when its first registration is <c>POST /registry</c>.</summary>
    public const int DefaultRegistryTtl = 3600;

    /// <summary>Shortest lease, seconds: below it a lost packet is a lost agent.</summary>
    public const int MinAgentTtl = 5;

    /// <summary>Longest lease, seconds (seven days).</summary>
    public const int MaxAgentTtl = 7 * 86_400;

    /// <summary>Seconds a directive stays deliverable when the caller does not say.</summary>
    public const int DefaultDirectiveTtl = 3600;

    /// <summary>Longest life of a directive, seconds (seven days).</summary>
    public const int MaxDirectiveTtl = 7 * 86_400;

    /// <summary>Seconds between a stop directive and force when the caller does not say.</summary>
    public const int DefaultGrace = 10;

    /// <summary>Longest grace, seconds.</summary>
    public const int MaxGrace = 3600;

    /// <summary>Longest time one answer is held back (long poll, <c>wait</c>), seconds.</summary>
    public const int MaxWait = 60;

    /// <summary>Open streams and held answers of a key that is bound to an agent: it needs one, and one more while it changes over; the
    /// rest is for what it runs beside it.</summary>
    public const int StreamsPerAgentKey = 16;

    /// <summary>Seconds a key lives when the caller does not say.</summary>
    public const int DefaultKeyTtl = 3600;

    /// <summary>Seconds in which a sign-in code can be traded for a key: long enough for a browser to open.</summary>
    public const int SignInCodeTtl = 60;

    /// <summary>Sign-in codes that can be traded at once; one more ends the oldest. Each is some hundred bytes.</summary>
    public const int SignInCodes = 1000;

    /// <summary>The same, of one key.</summary>
    public const int SignInCodesPerKey = 20;

    /// <summary>Shortest and longest life of a key, seconds; what is asked for is clamped.</summary>
    public const int MinKeyTtl = 60;

    /// <inheritdoc cref="MinKeyTtl"/>
    public const int MaxKeyTtl = 86_400;

    /// <summary>Seconds a service key lives when the caller does not say: 90 days.</summary>
    public const int DefaultServiceKeyTtl = 90 * 86_400;

    /// <summary>Longest life of a service key, seconds: a year and a day, so that it can be replaced once a year.</summary>
    public const int MaxServiceKeyTtl = 366 * 86_400;

    /// <summary>Service keys of a mesh; generations of one name are one.</summary>
    public const int ServiceKeys = 1000;

    /// <summary>Seconds before the end of a service key from when it is reported (14 days).</summary>
    public const int ServiceKeyNotice = 14 * 86_400;

    /// <summary>
    /// Seconds for which a refresh token can be used, and its second use is noticed (seven days): longer than a weekend, and than the
    /// longest key it stands behind.
    /// </summary>
    public const int RefreshTokenTtl = 7 * 86_400;

    /// <summary>How deep keys are minted below the root key, itself included.</summary>
    public const int KeyDepth = 8;

    /// <summary>Keys below one that is no admin's and was minted by an admin's, itself aside. Rotating a name adds none.</summary>
    public const int KeysPerKey = 10_000;

    /// <summary>The same below a key that is bound to an agent: what reads hostile text is trusted with less.</summary>
    public const int KeysPerAgentKey = 100;

    /// <summary>Agents that a key which is no admin's, together with those below it, may make known.</summary>
    public const int AgentsPerKey = 10_000;

    /// <inheritdoc cref="KeysPerAgentKey"/>
    public const int AgentsPerAgentKey = 100;

    /// <summary>Clauses of a key's reach that one call may name.</summary>
    public const int ReachClauses = 4;

    /// <summary>Seconds a session lives when the caller does not say.</summary>
    public const int DefaultSessionTtl = 3600;

    /// <summary>Longest life of a session that has an end, seconds: a year.</summary>
    public const int MaxSessionTtl = 365 * 86_400;

    /// <summary>Bytes of a session's metadata, as JSON in UTF-8.</summary>
    public const int SessionMetaBytes = 16 * 1024;

    /// <summary>Characters of the name of an entry of a session's metadata.</summary>
    public const int SessionMetaKeyLength = 256;

    /// <summary>Sessions that one call of cleanup removes: it is one transaction, and others wait behind it.</summary>
    public const int CleanupMatches = 10_000;

    /// <summary>Bytes of one line of an import: whatever fits is taken, over the limits above too.</summary>
    public const int ImportLineBytes = 16 * 1024 * 1024;

    /// <summary>Lines of an import in one transaction.</summary>
    public const int ImportChunk = 1000;

    /// <summary>Lines left out of an import, or remarked on, that its answer lists; the others are counted.</summary>
    public const int ImportSkipsListed = 1000;

    /// <summary>Bytes of a store that is sent to be restored: 16 GiB.</summary>
    public const long RestoreBytes = 16L << 30;

    /// <summary>Characters of an <c>Idempotency-Key</c>.</summary>
    public const int IdempotencyKeyLength = 255;

    /// <summary>Hours for which an <c>Idempotency-Key</c> is remembered.</summary>
    public const int IdempotencyHours = 24;

    /// <summary>
    /// Calls under an <c>Idempotency-Key</c> that are remembered for a key and those below it: eleven a second the whole day, and 150 MB of
    /// memory at 150 bytes each.
    /// </summary>
    public const int ReceiptsPerKey = 1_000_000;

    /// <summary>
    /// The same for a key that is bound to an agent, and those below it: more than one a second the whole day, and 15 MB.
    /// </summary>
    public const int ReceiptsPerAgentKey = 100_000;

    /// <summary>
    /// Bytes of the answers that are kept with them, in the store: 1 KiB for each, which is more than a row of an agent or a directive
    /// takes.
    /// </summary>
    public const long ReceiptBytesPerKey = 1L << 30;

    /// <inheritdoc cref="ReceiptBytesPerKey"/>
    public const long ReceiptBytesPerAgentKey = 100L << 20;

    /// <summary>Faults that a sandbox has at once.</summary>
    public const int Faults = 100;

    /// <summary>Seconds by which one call moves the clock of a sandbox: 30 days, a few seconds of work.</summary>
    public const int AdvanceSeconds = 30 * 24 * 60 * 60;

    /// <summary>Days by which the clock of one sandbox moves in all: a century, in which no sum of times overflows.</summary>
    public const int AdvanceDays = 36_525;

    /// <summary>Seconds by which a fault delays a request.</summary>
    public const int FaultDelay = 300;

    /// <summary>How often a fault strikes that says so, and after how many events it drops a stream.</summary>
    public const int FaultCount = 1_000_000;
}
