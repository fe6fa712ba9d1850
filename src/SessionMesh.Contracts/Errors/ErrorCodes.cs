namespace SessionMesh.Contracts.Errors;

/// <summary>The stable <c>code</c> of a problem document. Codes are added, never renamed.</summary>
public static class ErrorCodes
{
    // 400: the request itself
    public const string InvalidJson = "invalid_json";
    public const string InvalidRequest = "invalid_request";
    public const string InvalidId = "invalid_id";
    public const string ExpectRequired = "expect_required";
    public const string TooManyMatched = "too_many_matched";
    public const string InvalidFilter = "invalid_filter";
    public const string CursorMismatch = "cursor_mismatch";
    public const string KeyInQuery = "key_in_query";
    public const string HostNotAllowed = "host_not_allowed";
    public const string BodyTooLarge = "body_too_large";
    public const string NotABackup = "not_a_backup";
    public const string NotStorable = "not_storable";

    // 401, 403
    public const string Unauthenticated = "unauthenticated";
    public const string MissingScope = "missing_scope";
    public const string NotYourAgent = "not_your_agent";
    public const string ClaimOfAnother = "claim_of_another";
    public const string OutsideReach = "outside_reach";
    public const string OriginNotAllowed = "origin_not_allowed";

    // 404, 405, 406
    public const string NotFound = "not_found";
    public const string AgentNotFound = "agent_not_found";
    public const string DirectiveNotFound = "directive_not_found";
    public const string KeyNotFound = "key_not_found";
    public const string SessionNotFound = "session_not_found";
    public const string SpecializationNotFound = "specialization_not_found";
    public const string ClaimNotFound = "claim_not_found";
    public const string LinkNotFound = "link_not_found";
    public const string NothingMatched = "nothing_matched";
    public const string MethodNotAllowed = "method_not_allowed";

    // Why a stream ended, where its key is the reason
    public const string KeyRevoked = "key_revoked";
    public const string KeyExpired = "key_expired";

    // 409: the state of the thing
    public const string AlreadyAlive = "already_alive";
    public const string NotAlive = "not_alive";
    public const string Superseded = "superseded";
    public const string UnknownIncarnation = "unknown_incarnation";
    public const string Tombstoned = "tombstoned";
    public const string Stopping = "stopping";
    public const string Restored = "restored";
    public const string NoSession = "no_session";
    public const string AlreadyDelivered = "already_delivered";
    public const string DirectiveOver = "directive_over";
    public const string ExpectationFailed = "expectation_failed";
    public const string NoCapacity = "no_capacity";
    public const string NotGone = "not_gone";
    public const string NotTombstoned = "not_tombstoned";
    public const string AckConflict = "ack_conflict";
    public const string SecretNotRepeatable = "secret_not_repeatable";
    public const string AnswerNotKept = "answer_not_kept";
    public const string KeyNameTaken = "key_name_taken";
    public const string NotRenewable = "not_renewable";
    public const string SessionExists = "session_exists";
    public const string SessionExpired = "session_expired";
    public const string AgentSession = "agent_session";
    public const string KeyQuota = "key_quota";
    public const string StoreInUse = "store_in_use";
    public const string RestorePending = "restore_pending";
    public const string NotInThisStore = "not_in_this_store";
    public const string RevisionPassed = "revision_passed";
    public const string TooManyFaults = "too_many_faults";

    // 412
    public const string PreconditionFailed = "precondition_failed";

    // 422, 429
    public const string IdempotencyKeyReused = "idempotency_key_reused";
    public const string InboxFull = "inbox_full";
    public const string AgentQuota = "agent_quota";
    public const string ClaimQuota = "claim_quota";
    public const string LinkQuota = "link_quota";
    public const string RateLimited = "rate_limited";
    public const string TooManyStreams = "too_many_streams";
    public const string TooManyReceipts = "too_many_receipts";

    // 5xx
    public const string Internal = "internal";
    public const string Busy = "busy";
    public const string Behind = "behind";
    public const string CommitFailed = "commit_failed";
    public const string OutcomeUnknown = "outcome_unknown";
    public const string DiskFull = "disk_full";
    public const string StoreDamaged = "store_damaged";

    // Any status from 400 on: a sandbox fails as it was told to
    public const string SandboxFault = "sandbox_fault";
}
