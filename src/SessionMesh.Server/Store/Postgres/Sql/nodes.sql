-- Many nodes on one log: each says every half second that it lives and what it has heard, and one of them judges what time brings about.

ALTER TABLE mesh_head
    ADD COLUMN judge text,                            -- the node that lets leases lapse, graces end and sessions expire
    ADD COLUMN judge_epoch bigint NOT NULL DEFAULT 0, -- raised whenever the judge changes; checked in the swap
    ADD COLUMN judge_until timestamptz;               -- from then on another node may take over; null once the judge has left

ALTER TABLE mesh_nodes
    ADD COLUMN revision bigint NOT NULL DEFAULT 0,    -- what its memory has
    ADD COLUMN agents integer NOT NULL DEFAULT 0,     -- heard by it lately
    ADD COLUMN streams integer NOT NULL DEFAULT 0,    -- open at it
    ADD COLUMN alone boolean NOT NULL DEFAULT false;  -- it wants no other beside it: a move, a new root key

-- Heartbeats on their way from the node that took them to the others. Unlogged: a PostgreSQL that crashes empties it, and every reader
-- sees the gap in seq.
CREATE UNLOGGED TABLE mesh_beats (
    owner uuid NOT NULL,      -- the process
    seq bigint NOT NULL,      -- 1, 2, 3… without a gap
    covers bigint NOT NULL,   -- wall milliseconds: every heartbeat that it took before is in this row or in one before
    at timestamptz NOT NULL,
    beats bytea NOT NULL,
    PRIMARY KEY (owner, seq)
);

-- Codes for signing in to the page, for a minute: the node that trades one need not be the node that gave it.
CREATE TABLE mesh_codes (
    hash bytea PRIMARY KEY,   -- SHA-256 of the code
    minter text NOT NULL,     -- id of the key in whose name a key is minted
    wanted text NOT NULL,     -- the key to mint, JSON
    until bigint NOT NULL     -- wall milliseconds
);

-- Where commits are announced. A channel belongs to the whole database, so it has the schema in its name.
CREATE FUNCTION mesh_channel() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT 'mesh_' || oid FROM pg_namespace WHERE nspname = current_schema()
$$;

DROP FUNCTION mesh_begin;
DROP FUNCTION mesh_append;

-- Begins a session of a node, and shuts out every call of an earlier one: it waits for one that is under way. Null if it may not begin:
-- another process lives under the same name, another node wants to be alone, or this one does and another lives.
CREATE FUNCTION mesh_begin(p_node text, p_owner uuid, p_version text, p_log_level integer, p_alone boolean) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    begun bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.nodes', 0));
    IF EXISTS (
        SELECT FROM mesh_nodes
        WHERE owner <> p_owner AND CASE WHEN id = p_node THEN seen > clock_timestamp() - interval '3 seconds'
            ELSE (alone OR p_alone) AND seen > clock_timestamp() - interval '10 seconds' END
    ) THEN
        RETURN NULL;
    END IF;

    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.node:' || p_node, 0));
    INSERT INTO mesh_nodes AS n (id, owner, session, version, log_level, seen, alone)
        VALUES (p_node, p_owner, 1, p_version, p_log_level, clock_timestamp(), p_alone)
    ON CONFLICT (id) DO UPDATE SET owner = p_owner, session = n.session + 1, version = p_version, log_level = p_log_level,
        seen = clock_timestamp(), alone = p_alone, revision = 0, agents = 0, streams = 0
    RETURNING session INTO begun;
    RETURN begun;
END $$;

-- A sign of life: says what the node has and has heard, keeps or takes the office of the judge, and returns where the log stands.
--   o_known   false once another process has the name
CREATE FUNCTION mesh_pulse(
    p_node text, p_owner uuid, p_revision bigint, p_agents integer, p_streams integer, p_judge_epoch bigint,
    p_seq bigint, p_covers bigint, p_beats bytea,
    OUT o_known boolean, OUT o_revision bigint, OUT o_stamp uuid, OUT o_mesh_epoch bigint, OUT o_judge_epoch bigint, OUT o_wall bigint
) LANGUAGE plpgsql AS $$
DECLARE
    h mesh_head;
    has_taken boolean := false;
BEGIN
    UPDATE mesh_nodes SET seen = clock_timestamp(), revision = p_revision, agents = p_agents, streams = p_streams
    WHERE id = p_node AND owner = p_owner;
    o_known := FOUND;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    IF p_beats IS NOT NULL THEN
        INSERT INTO mesh_beats (owner, seq, covers, at, beats) VALUES (p_owner, p_seq, p_covers, clock_timestamp(), p_beats)
        ON CONFLICT (owner, seq) DO NOTHING; -- sent again, because the answer was lost
        IF p_seq % 64 = 0 THEN
            DELETE FROM mesh_beats WHERE (owner = p_owner AND seq < p_seq - 128) OR at < clock_timestamp() - interval '5 minutes';
        END IF;
    END IF;

    SELECT * INTO STRICT h FROM mesh_head;
    IF h.judge = p_node AND h.judge_epoch = p_judge_epoch AND h.judge_until IS NOT NULL THEN
        IF h.judge_until < clock_timestamp() + interval '4 seconds' THEN
            UPDATE mesh_head SET judge_until = clock_timestamp() + interval '6 seconds'
            WHERE judge = p_node AND judge_epoch = p_judge_epoch RETURNING * INTO h;
        END IF;
    ELSIF h.judge_until IS NULL OR h.judge_until < clock_timestamp() OR h.judge = p_node THEN
        UPDATE mesh_head SET judge = p_node, judge_epoch = judge_epoch + 1, judge_until = clock_timestamp() + interval '6 seconds'
        WHERE judge_epoch = h.judge_epoch AND (judge_until IS NULL OR judge_until < clock_timestamp() OR judge = p_node);
        has_taken := FOUND;
        SELECT * INTO STRICT h FROM mesh_head;
    END IF;

    IF NOT has_taken THEN
        PERFORM set_config('synchronous_commit', 'off', true); -- if it is lost, so is nothing that anybody was told
    END IF;

    o_revision := h.revision;
    o_stamp := h.stamp;
    o_mesh_epoch := (SELECT epoch FROM mesh WHERE id = 1);
    o_judge_epoch := CASE WHEN h.judge = p_node THEN h.judge_epoch ELSE 0 END;
    o_wall := floor(extract(epoch FROM clock_timestamp()) * 1000);
END $$;

-- Says goodbye: the others need not wait until this node has been silent for long, and one of them judges at once.
CREATE FUNCTION mesh_leave(p_node text, p_owner uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE mesh_nodes SET seen = NULL WHERE id = p_node AND owner = p_owner;
    IF FOUND THEN
        UPDATE mesh_head SET judge_until = NULL WHERE judge = p_node;
    END IF;
END $$;

-- Appends a batch and the rows that it adds up to: all of it or nothing.
--   committed  it is durable when the caller hears so
--   behind     another batch came first; nothing is stored
--   replaced   this session of the node is over; nothing is stored
--   judged     the batch judges what time brings about, and this node is not the judge any more; nothing is stored
CREATE FUNCTION mesh_append(
    p_node text, p_session bigint, p_revision bigint, p_stamp uuid, p_last bigint, p_next uuid, p_forgotten_incarnation integer,
    p_changes changes[], p_messages messages[], p_removed_agents integer[], p_agents agents[], p_directives directives[],
    p_moved directives[], p_keys keys[], p_removed_claims bigint[], p_claims claims[], p_removed_links bigint[], p_links links[],
    p_removed_sessions bigint[], p_sessions sessions[], p_receipts receipts[], p_receipts_from bigint,
    p_judge_epoch bigint, p_log_level integer
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('session-mesh.node:' || p_node, 0));
    IF NOT EXISTS (SELECT FROM mesh_nodes WHERE id = p_node AND session = p_session) THEN
        RETURN 'replaced';
    END IF;

    UPDATE mesh_head SET revision = p_last, stamp = p_next, log_level = greatest(log_level, p_log_level)
    WHERE revision = p_revision AND stamp = p_stamp
        AND (p_judge_epoch IS NULL OR (judge = p_node AND judge_epoch = p_judge_epoch));
    IF NOT FOUND THEN
        RETURN CASE WHEN EXISTS (SELECT FROM mesh_head WHERE revision = p_revision AND stamp = p_stamp) THEN 'judged' ELSE 'behind' END;
    END IF;

    INSERT INTO mesh_batches (last, first, stamp, previous, node, session)
        VALUES (p_last, p_revision + 1, p_next, p_stamp, p_node, p_session);
    INSERT INTO changes SELECT * FROM unnest(p_changes);
    IF cardinality(p_directives) > 0 THEN
        INSERT INTO directives SELECT * FROM unnest(p_directives);
    END IF;
    IF cardinality(p_moved) > 0 THEN
        UPDATE directives d SET state = m.state, delivered_at = m.delivered_at, accepted_at = m.accepted_at, ended_at = m.ended_at,
            note = m.note
        FROM unnest(p_moved) m WHERE d.revision = m.revision;
    END IF;
    IF cardinality(p_messages) > 0 THEN
        INSERT INTO messages SELECT * FROM unnest(p_messages);
    END IF;
    IF cardinality(p_removed_agents) > 0 THEN -- first: another agent may have the number by now
        DELETE FROM agents WHERE number = ANY (p_removed_agents);
    END IF;
    IF cardinality(p_agents) > 0 THEN
        INSERT INTO agents SELECT * FROM unnest(p_agents)
        ON CONFLICT (number) DO UPDATE SET incarnation = excluded.incarnation, session = excluded.session, liveness = excluded.liveness,
            paused = excluded.paused, specializations = excluded.specializations, labels = excluded.labels, cluster = excluded.cluster,
            parent = excluded.parent, "user" = excluded."user", direction = excluded.direction, ttl = excluded.ttl, stop = excluded.stop,
            last_exit = excluded.last_exit, meta = excluded.meta, session_changed_at = excluded.session_changed_at,
            is_expired_by_hand = excluded.is_expired_by_hand, gone_at = excluded.gone_at, orphaned_from = excluded.orphaned_from,
            skills = excluded.skills, claimed_at = excluded.claimed_at, stall = excluded.stall;
    END IF;
    IF p_forgotten_incarnation IS NOT NULL THEN
        UPDATE mesh SET forgotten_incarnation = p_forgotten_incarnation WHERE id = 1;
    END IF;
    IF cardinality(p_keys) > 0 THEN
        INSERT INTO keys SELECT * FROM unnest(p_keys)
        ON CONFLICT (revision) DO UPDATE SET expires_at = excluded.expires_at, refresh_expires_at = excluded.refresh_expires_at,
            refreshed_at = excluded.refreshed_at, ended_at = excluded.ended_at, kept_until = excluded.kept_until,
            last_used_at = excluded.last_used_at, is_revoked = excluded.is_revoked;
    END IF;
    IF cardinality(p_removed_claims) > 0 THEN
        DELETE FROM claims WHERE revision = ANY (p_removed_claims);
    END IF;
    IF cardinality(p_claims) > 0 THEN
        INSERT INTO claims SELECT * FROM unnest(p_claims)
        ON CONFLICT (revision) DO UPDATE SET ttl = excluded.ttl, expires_at = excluded.expires_at;
    END IF;
    IF cardinality(p_removed_links) > 0 THEN
        DELETE FROM links WHERE revision = ANY (p_removed_links);
    END IF;
    IF cardinality(p_links) > 0 THEN
        INSERT INTO links SELECT * FROM unnest(p_links) ON CONFLICT (revision) DO UPDATE SET weight = excluded.weight;
    END IF;
    IF cardinality(p_removed_sessions) > 0 THEN
        DELETE FROM sessions WHERE revision = ANY (p_removed_sessions);
    END IF;
    IF cardinality(p_sessions) > 0 THEN
        INSERT INTO sessions SELECT * FROM unnest(p_sessions)
        ON CONFLICT (revision) DO UPDATE SET is_expired = excluded.is_expired, ttl = excluded.ttl, meta = excluded.meta,
            last_access = excluded.last_access, expires_at = excluded.expires_at, expired_at = excluded.expired_at,
            version = excluded.version;
    END IF;
    IF cardinality(p_receipts) > 0 THEN
        INSERT INTO receipts SELECT * FROM unnest(p_receipts);
    END IF;
    IF p_receipts_from IS NOT NULL THEN
        DELETE FROM receipts WHERE revision < p_receipts_from;
    END IF;
    PERFORM pg_notify(mesh_channel(), p_node); -- heard once this is committed
    RETURN 'committed';
END $$;
