-- root key smk_dp4ggp972ek2_nYqGqBgPEZMIunf5SxF3bqrMlU4k1mm6Imz3fZBLpG4_1tf1qk
--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: session_mesh; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA session_mesh;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: agents; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.agents (
    number integer NOT NULL,
    id text NOT NULL,
    incarnation integer NOT NULL,
    session bigint NOT NULL,
    liveness integer NOT NULL,
    paused boolean NOT NULL,
    specializations text NOT NULL,
    labels text NOT NULL,
    cluster text NOT NULL,
    parent integer NOT NULL,
    "user" text,
    owner text,
    direction text,
    created_at bigint NOT NULL,
    ttl integer NOT NULL,
    stop text,
    last_exit text,
    meta text,
    session_changed_at bigint,
    is_expired_by_hand boolean,
    born bigint,
    gone_at bigint,
    orphaned_from text,
    skills text,
    claimed_at bigint,
    stall text
);


--
-- Name: changes; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.changes (
    revision bigint NOT NULL,
    at bigint NOT NULL,
    actor text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    payload text NOT NULL,
    remote_address text,
    request_id text
);


--
-- Name: claims; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.claims (
    revision bigint NOT NULL,
    agent integer NOT NULL,
    specialization text NOT NULL,
    key_id text NOT NULL,
    lineage text,
    account text,
    ttl integer NOT NULL,
    at bigint NOT NULL,
    expires_at bigint NOT NULL
);


--
-- Name: directives; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.directives (
    revision bigint NOT NULL,
    agent integer NOT NULL,
    seq bigint NOT NULL,
    previous bigint NOT NULL,
    verb integer NOT NULL,
    direction text,
    message text,
    data text,
    state integer NOT NULL,
    issued_by text NOT NULL,
    issued_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    delivered_at bigint NOT NULL,
    accepted_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    note text,
    message_at bigint
);


--
-- Name: keys; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.keys (
    revision bigint NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    lineage text NOT NULL,
    parent text,
    account text,
    scopes text NOT NULL,
    reach text,
    hash text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    lifetime bigint NOT NULL,
    agent_id text,
    incarnation integer NOT NULL,
    generation integer NOT NULL,
    refresh_hash text,
    refresh_expires_at bigint NOT NULL,
    refreshed_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    is_service boolean,
    kept_until bigint,
    last_used_at bigint,
    is_revoked boolean
);


--
-- Name: links; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.links (
    revision bigint NOT NULL,
    from_agent integer NOT NULL,
    to_agent integer NOT NULL,
    kind text NOT NULL,
    weight double precision NOT NULL,
    account text,
    at bigint NOT NULL
);


--
-- Name: messages; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.messages (
    revision bigint NOT NULL,
    text text,
    data text
);


--
-- Name: receipts; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.receipts (
    revision bigint NOT NULL,
    scope text NOT NULL,
    request text NOT NULL,
    at bigint NOT NULL,
    status integer NOT NULL,
    answer text,
    key_id text,
    owner text,
    size integer,
    version bigint
);


--
-- Name: sessions; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.sessions (
    revision bigint NOT NULL,
    id text NOT NULL,
    "user" text NOT NULL,
    is_expired boolean NOT NULL,
    ttl double precision NOT NULL,
    meta text NOT NULL,
    created_at bigint NOT NULL,
    last_access bigint NOT NULL,
    expires_at bigint NOT NULL,
    expired_at bigint NOT NULL,
    version bigint NOT NULL
);


--
-- Name: mesh_append(text, bigint, bigint, uuid, bigint, uuid, integer, session_mesh.changes[], session_mesh.messages[], integer[], session_mesh.agents[], session_mesh.directives[], session_mesh.directives[], session_mesh.keys[], bigint[], session_mesh.claims[], bigint[], session_mesh.links[], bigint[], session_mesh.sessions[], session_mesh.receipts[], bigint, bigint, integer); Type: FUNCTION; Schema: session_mesh; Owner: -
--

CREATE FUNCTION session_mesh.mesh_append(p_node text, p_session bigint, p_revision bigint, p_stamp uuid, p_last bigint, p_next uuid, p_forgotten_incarnation integer, p_changes session_mesh.changes[], p_messages session_mesh.messages[], p_removed_agents integer[], p_agents session_mesh.agents[], p_directives session_mesh.directives[], p_moved session_mesh.directives[], p_keys session_mesh.keys[], p_removed_claims bigint[], p_claims session_mesh.claims[], p_removed_links bigint[], p_links session_mesh.links[], p_removed_sessions bigint[], p_sessions session_mesh.sessions[], p_receipts session_mesh.receipts[], p_receipts_from bigint, p_judge_epoch bigint, p_log_level integer) RETURNS text
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: mesh_begin(text, uuid, text, integer, boolean); Type: FUNCTION; Schema: session_mesh; Owner: -
--

CREATE FUNCTION session_mesh.mesh_begin(p_node text, p_owner uuid, p_version text, p_log_level integer, p_alone boolean) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    begun bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.nodes', 0));
    IF (SELECT log_level FROM mesh_head) > p_log_level OR EXISTS (
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


--
-- Name: mesh_channel(); Type: FUNCTION; Schema: session_mesh; Owner: -
--

CREATE FUNCTION session_mesh.mesh_channel() RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT 'mesh_' || oid FROM pg_namespace WHERE nspname = current_schema()
$$;


--
-- Name: mesh_leave(text, uuid); Type: FUNCTION; Schema: session_mesh; Owner: -
--

CREATE FUNCTION session_mesh.mesh_leave(p_node text, p_owner uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE mesh_nodes SET seen = NULL WHERE id = p_node AND owner = p_owner;
    IF FOUND THEN
        UPDATE mesh_head SET judge_until = NULL WHERE judge = p_node;
    END IF;
END $$;


--
-- Name: mesh_pulse(text, uuid, bigint, integer, integer, bigint, bigint, bigint, bytea); Type: FUNCTION; Schema: session_mesh; Owner: -
--

CREATE FUNCTION session_mesh.mesh_pulse(p_node text, p_owner uuid, p_revision bigint, p_agents integer, p_streams integer, p_judge_epoch bigint, p_seq bigint, p_covers bigint, p_beats bytea, OUT o_known boolean, OUT o_revision bigint, OUT o_stamp uuid, OUT o_mesh_epoch bigint, OUT o_judge_epoch bigint, OUT o_wall bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: mesh_raise(integer); Type: FUNCTION; Schema: session_mesh; Owner: -
--

CREATE FUNCTION session_mesh.mesh_raise(p_log_level integer) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.nodes', 0));
    IF EXISTS (SELECT FROM mesh_nodes WHERE log_level < p_log_level AND seen > clock_timestamp() - interval '10 seconds') THEN
        RETURN (SELECT log_level FROM mesh_head) >= p_log_level; -- one that had counted as gone, and came back
    END IF;

    UPDATE mesh_head SET log_level = p_log_level WHERE log_level < p_log_level;
    RETURN true;
END $$;


--
-- Name: mesh_resume(text, uuid); Type: FUNCTION; Schema: session_mesh; Owner: -
--

CREATE FUNCTION session_mesh.mesh_resume(p_node text, p_owner uuid) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    resumed bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.node:' || p_node, 0));
    UPDATE mesh_nodes SET session = session + 1, seen = clock_timestamp() WHERE id = p_node AND owner = p_owner
    RETURNING session INTO resumed;
    RETURN resumed;
END $$;


--
-- Name: __EFMigrationsHistory; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh."__EFMigrationsHistory" (
    "MigrationId" character varying(150) NOT NULL,
    "ProductVersion" character varying(32) NOT NULL
);


--
-- Name: heads; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.heads (
    agent integer NOT NULL,
    seq bigint NOT NULL,
    revision bigint NOT NULL
);


--
-- Name: mesh; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.mesh (
    id integer NOT NULL,
    epoch bigint NOT NULL,
    forgotten_incarnation integer NOT NULL,
    heads_at bigint
);


--
-- Name: mesh_batches; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.mesh_batches (
    last bigint NOT NULL,
    first bigint NOT NULL,
    stamp uuid NOT NULL,
    previous uuid NOT NULL,
    node text NOT NULL,
    session bigint NOT NULL
);


--
-- Name: mesh_beats; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE UNLOGGED TABLE session_mesh.mesh_beats (
    owner uuid NOT NULL,
    seq bigint NOT NULL,
    covers bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    beats bytea NOT NULL
);


--
-- Name: mesh_codes; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.mesh_codes (
    hash bytea NOT NULL,
    minter text NOT NULL,
    wanted text NOT NULL,
    until bigint NOT NULL
);


--
-- Name: mesh_head; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.mesh_head (
    id integer NOT NULL,
    revision bigint NOT NULL,
    stamp uuid NOT NULL,
    log_level integer NOT NULL,
    judge text,
    judge_epoch bigint DEFAULT 0 NOT NULL,
    judge_until timestamp with time zone,
    CONSTRAINT mesh_head_id_check CHECK ((id = 1))
);


--
-- Name: mesh_nodes; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.mesh_nodes (
    id text NOT NULL,
    owner uuid NOT NULL,
    session bigint NOT NULL,
    version text NOT NULL,
    log_level integer NOT NULL,
    seen timestamp with time zone,
    revision bigint DEFAULT 0 NOT NULL,
    agents integer DEFAULT 0 NOT NULL,
    streams integer DEFAULT 0 NOT NULL,
    alone boolean DEFAULT false NOT NULL
);


--
-- Data for Name: __EFMigrationsHistory; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh."__EFMigrationsHistory" VALUES
	('20261128061455_Initial', '10.0.14'),
	('20261128093000_Nodes', '10.0.14'),
	('20261128104500_Levels', '10.0.14');


--
-- Data for Name: agents; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.agents VALUES
	(0, 'lead', 1, 2, 1, false, '["planning"]', '{"env":"prod"}', 'default', -1, 'ada', NULL, NULL, 1769846402958, 3600, NULL, NULL, NULL, 0, false, 2, 0, NULL, NULL, NULL, NULL),
	(3, 'gone', 1, 0, 5, false, '[]', '{}', 'default', -1, NULL, NULL, NULL, 1769846403007, 3600, NULL, '{"confirmed":true,"exit_code":3,"reason":"done","at":1769846403211,"tombstone_until":0}', NULL, 0, false, 5, 1769846403211, NULL, NULL, NULL, NULL),
	(4, 'killed', 1, 0, 5, false, '[]', '{}', 'default', -1, NULL, NULL, NULL, 1769846403010, 3600, '{"deadline":1769846403241,"reason":"stuck","cascade":true,"at":1769846403241}', '{"confirmed":false,"reason":"stuck","at":1769846403241,"tombstone_until":1769847303241}', NULL, 0, false, 6, 1769846403241, NULL, NULL, NULL, NULL),
	(2, 'worker-2', 1, 4, 1, false, '["ocr"]', '{}', 'default', 1, NULL, NULL, NULL, 1769846403005, 3600, NULL, NULL, NULL, 0, false, 4, 0, NULL, '[{"name":"ocr","level":50,"capacity":2}]', NULL, NULL),
	(1, 'worker-1', 1, 3, 1, false, '["image-processing","ocr"]', '{}', 'east', 0, NULL, NULL, 'north', 1769846402999, 3600, NULL, NULL, NULL, 0, false, 3, 0, NULL, NULL, 1769846403377, NULL);


--
-- Data for Name: changes; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.changes VALUES
	(1, 1769846402028, 'mesh', 'key.minted', 'dp4ggp972ek2', '{"key_name":"root","scopes":["admin"],"hash":"bGe1ycpL/BBcHqgaT\u002BsXRIBHzeZ/jv5ZfyJcqhsYXa8=","expires_at":null,"incarnation":0,"generation":1,"refresh_expires_at":null}', NULL, NULL),
	(2, 1769846402958, 'dp4ggp972ek2', 'agent.registered', 'lead', '{"incarnation":1,"ttl":3600,"cluster":"default","user":"ada","specializations":["planning"],"labels":{"env":"prod"},"superseded":false}', '127.0.0.1', '0HNJ0JQUG5ONU:00000001'),
	(3, 1769846402999, 'dp4ggp972ek2', 'agent.registered', 'worker-1', '{"incarnation":1,"ttl":3600,"cluster":"east","parent_id":"lead","specializations":["image-processing","ocr"],"superseded":false}', '127.0.0.1', '0HNJ0JQUG5ONV:00000001'),
	(4, 1769846403005, 'dp4ggp972ek2', 'agent.registered', 'worker-2', '{"incarnation":1,"ttl":3600,"cluster":"default","parent_id":"lead","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUG5OO0:00000001'),
	(5, 1769846403007, 'dp4ggp972ek2', 'agent.registered', 'gone', '{"incarnation":1,"ttl":3600,"cluster":"default","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUG5OO1:00000001'),
	(6, 1769846403010, 'dp4ggp972ek2', 'agent.registered', 'killed', '{"incarnation":1,"ttl":3600,"cluster":"default","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUG5OO2:00000001'),
	(7, 1769846403013, 'dp4ggp972ek2', 'agent.registered', 'forgotten', '{"incarnation":1,"ttl":3600,"cluster":"default","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUG5OO3:00000001'),
	(8, 1769846403022, 'dp4ggp972ek2', 'agent.updated', 'worker-2', '{"ttl":3600,"cluster":"default","parent_id":"lead","specializations":["ocr"],"skills":[{"name":"ocr","level":50,"capacity":2}]}', '127.0.0.1', '0HNJ0JQUG5OO4:00000001'),
	(9, 1769846403047, 'dp4ggp972ek2', 'directive.issued', 'worker-1', '{"seq":1,"verb":"steer","direction":"north","message":"first, and a \u0000","data":{"n":1,"z":"\u0000"},"expires_at":"2026-02-01T08:00:03.047Z","reason":"because"}', '127.0.0.1', '0HNJ0JQUG5OO5:00000001'),
	(10, 1769846403067, 'dp4ggp972ek2', 'directive.acknowledged', 'worker-1', '{"seq":1,"note":"went"}', '127.0.0.1', '0HNJ0JQUG5OO6:00000001'),
	(11, 1769846403074, 'dp4ggp972ek2', 'directive.issued', 'worker-1', '{"seq":2,"verb":"steer","direction":"south","expires_at":"2026-02-01T08:00:03.074Z"}', '127.0.0.1', '0HNJ0JQUG5OO7:00000001'),
	(12, 1769846403079, 'dp4ggp972ek2', 'directive.rejected', 'worker-1', '{"seq":2,"note":"no"}', '127.0.0.1', '0HNJ0JQUG5OO8:00000001'),
	(13, 1769846403081, 'dp4ggp972ek2', 'directive.issued', 'worker-1', '{"seq":3,"verb":"steer","direction":"east","expires_at":"2026-02-01T08:00:03.081Z"}', '127.0.0.1', '0HNJ0JQUG5OO9:00000001'),
	(14, 1769846403084, 'dp4ggp972ek2', 'directive.accepted', 'worker-1', '{"seq":3}', '127.0.0.1', '0HNJ0JQUG5OOA:00000001'),
	(15, 1769846403086, 'dp4ggp972ek2', 'directive.issued', 'worker-1', '{"seq":4,"verb":"steer","direction":"west","expires_at":"2026-02-01T08:00:03.086Z"}', '127.0.0.1', '0HNJ0JQUG5OOB:00000001'),
	(16, 1769846403088, 'dp4ggp972ek2', 'directive.issued', 'worker-1', '{"seq":5,"verb":"steer","direction":"up","expires_at":"2026-02-01T08:00:03.088Z"}', '127.0.0.1', '0HNJ0JQUG5OOC:00000001'),
	(17, 1769846403150, 'dp4ggp972ek2', 'directive.cancelled', 'worker-1', '{"seq":5}', '127.0.0.1', '0HNJ0JQUG5OOD:00000001'),
	(18, 1769846403155, 'dp4ggp972ek2', 'directive.issued', 'worker-2', '{"seq":1,"verb":"pause","expires_at":"2026-01-31T09:00:03.155Z"}', '127.0.0.1', '0HNJ0JQUG5OOE:00000001'),
	(19, 1769846403158, 'dp4ggp972ek2', 'directive.issued', 'worker-2', '{"seq":2,"verb":"steer","direction":"later","expires_at":"2026-02-01T08:00:03.158Z"}', '127.0.0.1', '0HNJ0JQUG5OOF:00000001'),
	(20, 1769846403168, 'dp4ggp972ek2', 'directive.issued', 'worker-1', '{"seq":6,"verb":"steer","direction":"both","message":"to many","expires_at":"2026-02-01T08:00:03.168Z"}', '127.0.0.1', '0HNJ0JQUG5OOG:00000001'),
	(21, 1769846403168, 'dp4ggp972ek2', 'directive.issued', 'worker-2', '{"seq":3,"verb":"steer","direction":"both","message":"to many","expires_at":"2026-02-01T08:00:03.168Z"}', '127.0.0.1', '0HNJ0JQUG5OOG:00000001'),
	(22, 1769846403179, 'dp4ggp972ek2', 'message.kept', 'messages', '{"text":"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"}', '127.0.0.1', '0HNJ0JQUG5OOH:00000001'),
	(23, 1769846403179, 'dp4ggp972ek2', 'directive.issued', 'worker-1', '{"seq":7,"verb":"steer","direction":"all","message_at":22,"expires_at":"2026-02-01T08:00:03.179Z"}', '127.0.0.1', '0HNJ0JQUG5OOH:00000001'),
	(24, 1769846403179, 'dp4ggp972ek2', 'directive.issued', 'worker-2', '{"seq":4,"verb":"steer","direction":"all","message_at":22,"expires_at":"2026-02-01T08:00:03.179Z"}', '127.0.0.1', '0HNJ0JQUG5OOH:00000001'),
	(25, 1769846403193, 'dp4ggp972ek2', 'directive.issued', 'worker-2', '{"seq":5,"verb":"steer","direction":"once","expires_at":"2026-02-01T08:00:03.193Z"}', '127.0.0.1', '0HNJ0JQUG5OOI:00000001'),
	(26, 1769846403193, 'dp4ggp972ek2', 'receipt.kept', '398b2e67d760cd246fcdff843ee47a0a', '{"request":"139b5f244760c5b33ddbcde568658436","status":200,"owner":"dp4ggp972ek2","size":327}', '127.0.0.1', '0HNJ0JQUG5OOI:00000001'),
	(27, 1769846403211, 'dp4ggp972ek2', 'agent.dead', 'gone', '{"incarnation":1,"confirmed":true,"exit_code":3,"reason":"done","tombstone_until":null}', '127.0.0.1', '0HNJ0JQUG5OOJ:00000001'),
	(28, 1769846403241, 'dp4ggp972ek2', 'directive.issued', 'killed', '{"seq":1,"verb":"stop","message":"stuck","data":{"grace":0,"force":true},"expires_at":"2026-01-31T08:15:03.241Z"}', '127.0.0.1', '0HNJ0JQUG5OOK:00000001'),
	(29, 1769846403241, 'dp4ggp972ek2', 'agent.dead', 'killed', '{"incarnation":1,"confirmed":false,"reason":"stuck","tombstone_until":"2026-01-31T08:15:03.241Z"}', '127.0.0.1', '0HNJ0JQUG5OOK:00000001'),
	(30, 1769846403252, 'dp4ggp972ek2', 'agent.dead', 'forgotten', '{"incarnation":1,"confirmed":true,"exit_code":0,"tombstone_until":null}', '127.0.0.1', '0HNJ0JQUG5OOL:00000001'),
	(31, 1769846403257, 'dp4ggp972ek2', 'agent.forgotten', 'forgotten', '{"incarnation":1}', '127.0.0.1', '0HNJ0JQUG5OOM:00000001'),
	(32, 1769846403274, 'dp4ggp972ek2', 'agent.moved', 'worker-2', '{"parent_id":"worker-1","from_parent_id":"lead"}', '127.0.0.1', '0HNJ0JQUG5OON:00000001'),
	(33, 1769846403284, 'dp4ggp972ek2', 'key.minted', '9tijec1w95xu', '{"key_name":"ops","parent":"dp4ggp972ek2","scopes":["mesh:read","steer","keys:mint"],"hash":"7bVrmBlHSvrFWsjQXmm/PMR9JE5XvrSMkXK\u002BZVTM36E=","expires_at":"2026-02-01T08:00:03.284Z","incarnation":0,"generation":1,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUG5OOO:00000001'),
	(34, 1769846403302, 'dp4ggp972ek2', 'key.limited', '9tijec1w95xu', '{"expires_at":"2026-01-31T08:00:33.302Z"}', '127.0.0.1', '0HNJ0JQUG5OOP:00000001'),
	(35, 1769846403302, 'dp4ggp972ek2', 'key.minted', 'bt3b6wseighm', '{"key_name":"ops","parent":"dp4ggp972ek2","lineage":"9tijec1w95xu","scopes":["mesh:read","steer","keys:mint"],"hash":"SMCjx9moqf512Zj1v0WwVQ07loEvLUCrl\u002Bi2FkOyMaw=","expires_at":"2026-02-01T08:00:03.302Z","incarnation":0,"generation":2,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUG5OOP:00000001'),
	(36, 1769846403310, 'dp4ggp972ek2', 'key.minted', 'my9qo7vu1do6', '{"key_name":"short","parent":"dp4ggp972ek2","scopes":["admin"],"hash":"NtvAL1ID/wLXzW6FdGMf6LdqGjsR70MkV2ZlUuWGbnI=","expires_at":"2026-01-31T09:00:03.310Z","incarnation":0,"generation":1,"refresh_hash":"JQbr9VQFEQW/Qb4fQPE6ebLRHJbVUm2eaXzq5O1nzpQ=","refresh_expires_at":"2026-02-07T08:00:03.310Z"}', '127.0.0.1', '0HNJ0JQUG5OOQ:00000001'),
	(37, 1769846403314, 'dp4ggp972ek2', 'key.minted', 'bkx2s0dtg4ov', '{"key_name":"revoked","parent":"dp4ggp972ek2","scopes":["admin"],"hash":"IVPsu081LqAEu\u002BB2oTfoJLshdvLUKZRZFI/bjlAnNKM=","expires_at":"2026-01-31T09:00:03.314Z","incarnation":0,"generation":1,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUG5OOR:00000001'),
	(38, 1769846403319, 'dp4ggp972ek2', 'key.revoked', 'bkx2s0dtg4ov', '{"reason":"revoked"}', '127.0.0.1', '0HNJ0JQUG5OOS:00000001'),
	(39, 1769846403330, 'dp4ggp972ek2', 'key.minted', '8hyvv0tpyaaf', '{"key_name":"exporter","parent":"dp4ggp972ek2","scopes":["mesh:read"],"hash":"\u002BTrR9Wh4WTKifTaFmQon2bo0jLNV4dELnnQjPILXz24=","expires_at":"2026-07-30T08:00:03.330Z","incarnation":0,"generation":1,"refresh_expires_at":null,"service":true}', '127.0.0.1', '0HNJ0JQUG5OOT:00000001'),
	(40, 1769846403334, 'dp4ggp972ek2', 'key.minted', 'uwcawiyjyn1e', '{"key_name":"w1","parent":"dp4ggp972ek2","scopes":["agent:self"],"within":["agent:worker-1"],"hash":"VLZi7Ta829q\u002BuiGYuPW0CLJ4prRApoUl/eB2FOBf/OA=","expires_at":null,"agent_id":"worker-1","incarnation":1,"generation":1,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUG5OOU:00000001'),
	(41, 1769846403344, 'dp4ggp972ek2', 'session.created', '0afbc9ab11a1', '{"user":"ada","ttl":86400,"meta":{"k":"v","n":"\u0000"},"expires_at":"2026-02-01T08:00:03.344000Z"}', '127.0.0.1', '0HNJ0JQUG5OOV:00000001'),
	(42, 1769846403357, 'dp4ggp972ek2', 'session.created', 'ef9a7bb32a1d', '{"user":"bob","ttl":60,"expires_at":"2026-01-31T08:01:03.357000Z"}', '127.0.0.1', '0HNJ0JQUG5OP0:00000001'),
	(43, 1769846403364, 'dp4ggp972ek2', 'session.expired', 'ef9a7bb32a1d', '{"by_hand":true}', '127.0.0.1', '0HNJ0JQUG5OP1:00000001'),
	(44, 1769846403377, 'dp4ggp972ek2', 'claim.made', 'worker-1', '{"specialization":"ocr","ttl":3600}', '127.0.0.1', '0HNJ0JQUG5OP2:00000001'),
	(45, 1769846403400, 'dp4ggp972ek2', 'link.made', 'worker-1', '{"to":"worker-2","link_kind":"feeds","link_weight":3}', '127.0.0.1', '0HNJ0JQUG5OP3:00000001'),
	(46, 1769846403418, 'dp4ggp972ek2', 'admin.requested', 'compact', '{}', '127.0.0.1', '0HNJ0JQUG5OP4:00000001'),
	(47, 1769846403463, 'dp4ggp972ek2', 'directive.issued', 'worker-1', '{"seq":8,"verb":"steer","direction":"down","expires_at":"2026-02-01T08:00:03.463Z"}', '127.0.0.1', '0HNJ0JQUG5OP5:00000001'),
	(48, 1769846403471, 'dp4ggp972ek2', 'admin.requested', 'check', '{}', '127.0.0.1', '0HNJ0JQUG5OP6:00000001');


--
-- Data for Name: claims; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.claims VALUES
	(44, 1, 'ocr', 'dp4ggp972ek2', 'dp4ggp972ek2', NULL, 3600, 1769846403377, 1769850003377);


--
-- Data for Name: directives; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.directives VALUES
	(9, 1, 1, 0, 0, 'north', 'first, and a 0', '{"n":1,"z":"\u0000"}', 3, 'dp4ggp972ek2', 1769846403047, 1769932803047, 0, 0, 1769846403067, 'went', NULL),
	(11, 1, 2, 9, 0, 'south', NULL, NULL, 4, 'dp4ggp972ek2', 1769846403074, 1769932803074, 0, 0, 1769846403079, 'no', NULL),
	(13, 1, 3, 11, 0, 'east', NULL, NULL, 2, 'dp4ggp972ek2', 1769846403081, 1769932803081, 0, 1769846403084, 0, NULL, NULL),
	(15, 1, 4, 13, 0, 'west', NULL, NULL, 0, 'dp4ggp972ek2', 1769846403086, 1769932803086, 0, 0, 0, NULL, NULL),
	(16, 1, 5, 15, 0, 'up', NULL, NULL, 6, 'dp4ggp972ek2', 1769846403088, 1769932803088, 0, 0, 1769846403150, NULL, NULL),
	(18, 2, 1, 0, 1, NULL, NULL, NULL, 0, 'dp4ggp972ek2', 1769846403155, 1769850003155, 0, 0, 0, NULL, NULL),
	(19, 2, 2, 18, 0, 'later', NULL, NULL, 0, 'dp4ggp972ek2', 1769846403158, 1769932803158, 0, 0, 0, NULL, NULL),
	(20, 1, 6, 16, 0, 'both', 'to many', NULL, 0, 'dp4ggp972ek2', 1769846403168, 1769932803168, 0, 0, 0, NULL, NULL),
	(21, 2, 3, 19, 0, 'both', 'to many', NULL, 0, 'dp4ggp972ek2', 1769846403168, 1769932803168, 0, 0, 0, NULL, NULL),
	(23, 1, 7, 20, 0, 'all', NULL, NULL, 0, 'dp4ggp972ek2', 1769846403179, 1769932803179, 0, 0, 0, NULL, 22),
	(24, 2, 4, 21, 0, 'all', NULL, NULL, 0, 'dp4ggp972ek2', 1769846403179, 1769932803179, 0, 0, 0, NULL, 22),
	(25, 2, 5, 24, 0, 'once', NULL, NULL, 0, 'dp4ggp972ek2', 1769846403193, 1769932803193, 0, 0, 0, NULL, NULL),
	(28, 4, 1, 0, 3, NULL, 'stuck', '{"grace":0,"force":true}', 0, 'dp4ggp972ek2', 1769846403241, 1769847303241, 0, 0, 0, NULL, NULL),
	(47, 1, 8, 23, 0, 'down', NULL, NULL, 0, 'dp4ggp972ek2', 1769846403463, 1769932803463, 0, 0, 0, NULL, NULL);


--
-- Data for Name: heads; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.heads VALUES
	(1, 7, 23),
	(2, 5, 25),
	(4, 1, 28);


--
-- Data for Name: keys; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.keys VALUES
	(1, 'dp4ggp972ek2', 'root', 'dp4ggp972ek2', NULL, NULL, '["admin"]', NULL, 'bGe1ycpL/BBcHqgaT+sXRIBHzeZ/jv5ZfyJcqhsYXa8=', 1769846402028, 0, 0, NULL, 0, 1, NULL, 0, 0, 0, false, 0, 0, NULL),
	(33, '9tijec1w95xu', 'ops', '9tijec1w95xu', 'dp4ggp972ek2', '9tijec1w95xu', '["keys:mint","mesh:read","steer"]', NULL, '7bVrmBlHSvrFWsjQXmm/PMR9JE5XvrSMkXK+ZVTM36E=', 1769846403284, 1769846433302, 86400000, NULL, 0, 1, NULL, 0, 0, 0, false, 0, 0, NULL),
	(35, 'bt3b6wseighm', 'ops', '9tijec1w95xu', 'dp4ggp972ek2', '9tijec1w95xu', '["keys:mint","mesh:read","steer"]', NULL, 'SMCjx9moqf512Zj1v0WwVQ07loEvLUCrl+i2FkOyMaw=', 1769846403302, 1769932803302, 86400000, NULL, 0, 2, NULL, 0, 0, 0, false, 0, 0, NULL),
	(36, 'my9qo7vu1do6', 'short', 'my9qo7vu1do6', 'dp4ggp972ek2', NULL, '["admin"]', NULL, 'NtvAL1ID/wLXzW6FdGMf6LdqGjsR70MkV2ZlUuWGbnI=', 1769846403310, 1769850003310, 3600000, NULL, 0, 1, 'JQbr9VQFEQW/Qb4fQPE6ebLRHJbVUm2eaXzq5O1nzpQ=', 1770451203310, 0, 0, false, 0, 0, NULL),
	(37, 'bkx2s0dtg4ov', 'revoked', 'bkx2s0dtg4ov', 'dp4ggp972ek2', NULL, '["admin"]', NULL, 'IVPsu081LqAEu+B2oTfoJLshdvLUKZRZFI/bjlAnNKM=', 1769846403314, 1769850003314, 3600000, NULL, 0, 1, NULL, 0, 0, 1769846403319, false, 0, 0, true),
	(39, '8hyvv0tpyaaf', 'exporter', '8hyvv0tpyaaf', 'dp4ggp972ek2', '8hyvv0tpyaaf', '["mesh:read"]', NULL, '+TrR9Wh4WTKifTaFmQon2bo0jLNV4dELnnQjPILXz24=', 1769846403330, 1785398403330, 15552000000, NULL, 0, 1, NULL, 0, 0, 0, true, 0, 0, NULL),
	(40, 'uwcawiyjyn1e', 'w1', 'uwcawiyjyn1e', 'dp4ggp972ek2', 'uwcawiyjyn1e', '["agent:self"]', '["agent:worker-1"]', 'VLZi7Ta829q+uiGYuPW0CLJ4prRApoUl/eB2FOBf/OA=', 1769846403334, 0, 0, 'worker-1', 1, 1, NULL, 0, 0, 0, false, 0, 0, NULL);


--
-- Data for Name: links; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.links VALUES
	(45, 1, 2, 'feeds', 3, NULL, 1769846403400);


--
-- Data for Name: mesh; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh VALUES
	(1, 1, 1, 46);


--
-- Data for Name: mesh_batches; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_batches VALUES
	(1, 1, 'd6ae2ea9-5096-ab0d-b5e0-daa368b19a17', '00000000-0000-0000-0000-000000000000', 'vm', 1),
	(2, 2, '11f0990a-71a0-fc8c-30b3-3b2246cf420d', 'd6ae2ea9-5096-ab0d-b5e0-daa368b19a17', 'vm', 1),
	(3, 3, 'e6e3adf4-d095-0fd4-1a05-05f018a4c27d', '11f0990a-71a0-fc8c-30b3-3b2246cf420d', 'vm', 1),
	(4, 4, '46a98d22-7b77-926c-8e9a-1e0ec0ec1000', 'e6e3adf4-d095-0fd4-1a05-05f018a4c27d', 'vm', 1),
	(5, 5, '3fe07d68-73d1-edaa-7611-7aaef50e1eec', '46a98d22-7b77-926c-8e9a-1e0ec0ec1000', 'vm', 1),
	(6, 6, '4a35e996-9ab3-fae6-83d9-0232295ef9ee', '3fe07d68-73d1-edaa-7611-7aaef50e1eec', 'vm', 1),
	(7, 7, 'e077ad58-f39c-c731-6ec4-8581f5c5abe0', '4a35e996-9ab3-fae6-83d9-0232295ef9ee', 'vm', 1),
	(8, 8, '3d2b8ac5-af28-7f48-2f58-5ca85d3c8118', 'e077ad58-f39c-c731-6ec4-8581f5c5abe0', 'vm', 1),
	(9, 9, 'a8e3013f-94cf-6e8d-949e-afabe489bf44', '3d2b8ac5-af28-7f48-2f58-5ca85d3c8118', 'vm', 1),
	(10, 10, '36f5df76-86b4-dcd5-2481-5c750f81e3e3', 'a8e3013f-94cf-6e8d-949e-afabe489bf44', 'vm', 1),
	(11, 11, 'f0972fc7-da7e-7943-aeb1-5a3a1a133cee', '36f5df76-86b4-dcd5-2481-5c750f81e3e3', 'vm', 1),
	(12, 12, 'bf8dadfa-622e-3648-d768-8c96bccff8ec', 'f0972fc7-da7e-7943-aeb1-5a3a1a133cee', 'vm', 1),
	(13, 13, '94bb2bdd-b1d2-9e23-e286-496c2ce805df', 'bf8dadfa-622e-3648-d768-8c96bccff8ec', 'vm', 1),
	(14, 14, 'd11cb086-f26b-34e6-4fdc-76fa49071e8c', '94bb2bdd-b1d2-9e23-e286-496c2ce805df', 'vm', 1),
	(15, 15, '5f1900bf-4f25-140e-30d3-d9c42fcca021', 'd11cb086-f26b-34e6-4fdc-76fa49071e8c', 'vm', 1),
	(16, 16, '18c134f5-d194-faf5-cd72-8f213d0e7671', '5f1900bf-4f25-140e-30d3-d9c42fcca021', 'vm', 1),
	(17, 17, '8d8e84cf-4d20-f971-d4d7-ef20d4c12a50', '18c134f5-d194-faf5-cd72-8f213d0e7671', 'vm', 1),
	(18, 18, '1dc19581-7cd2-57ee-4279-0bc8181ebdcc', '8d8e84cf-4d20-f971-d4d7-ef20d4c12a50', 'vm', 1),
	(19, 19, 'ba9d0df5-1224-10cd-ca53-34852d654593', '1dc19581-7cd2-57ee-4279-0bc8181ebdcc', 'vm', 1),
	(21, 20, 'd8886232-fd7c-91e8-0228-09a0640fc99b', 'ba9d0df5-1224-10cd-ca53-34852d654593', 'vm', 1),
	(24, 22, '836c3010-6177-16c1-2178-7589b1f3c1ca', 'd8886232-fd7c-91e8-0228-09a0640fc99b', 'vm', 1),
	(26, 25, '3ce6b32f-dfa9-6b0d-e525-66431aacfe5a', '836c3010-6177-16c1-2178-7589b1f3c1ca', 'vm', 1),
	(27, 27, '4ceb6b62-1279-be27-6a55-e3c14a501b34', '3ce6b32f-dfa9-6b0d-e525-66431aacfe5a', 'vm', 1),
	(29, 28, '774789ce-f249-5c1c-a894-140b203b4a9c', '4ceb6b62-1279-be27-6a55-e3c14a501b34', 'vm', 1),
	(30, 30, '68610e59-67b9-3a4e-7c44-84c660892d40', '774789ce-f249-5c1c-a894-140b203b4a9c', 'vm', 1),
	(31, 31, 'ac4f91bb-77a5-0708-6dae-77f58a5a655b', '68610e59-67b9-3a4e-7c44-84c660892d40', 'vm', 1),
	(32, 32, 'a938612a-48e6-66aa-db88-6291c5661cff', 'ac4f91bb-77a5-0708-6dae-77f58a5a655b', 'vm', 1),
	(33, 33, '3e69666d-d2e0-4448-d033-eca84b6dcda9', 'a938612a-48e6-66aa-db88-6291c5661cff', 'vm', 1),
	(35, 34, '4396c906-60ca-e3ac-b381-0c189a15d072', '3e69666d-d2e0-4448-d033-eca84b6dcda9', 'vm', 1),
	(36, 36, '5230c1cb-b138-4a24-e049-3d25c241bead', '4396c906-60ca-e3ac-b381-0c189a15d072', 'vm', 1),
	(37, 37, '30b84b33-93f1-5034-d223-050ef1bf6196', '5230c1cb-b138-4a24-e049-3d25c241bead', 'vm', 1),
	(38, 38, 'e8564ff1-bb55-868b-b4af-26a2a6614042', '30b84b33-93f1-5034-d223-050ef1bf6196', 'vm', 1),
	(39, 39, '31aef7f4-7964-271c-a6f0-35baae457729', 'e8564ff1-bb55-868b-b4af-26a2a6614042', 'vm', 1),
	(40, 40, '7780d442-f0fd-1a6a-5da2-6b4a1cea0585', '31aef7f4-7964-271c-a6f0-35baae457729', 'vm', 1),
	(41, 41, '5f11c242-2d6c-4de0-4f7f-4174c151afcd', '7780d442-f0fd-1a6a-5da2-6b4a1cea0585', 'vm', 1),
	(42, 42, '3aa75ecc-0c9c-bfbe-a188-7acd9a55ed4a', '5f11c242-2d6c-4de0-4f7f-4174c151afcd', 'vm', 1),
	(43, 43, '86ec3c13-775d-5103-4fe3-890a70b78909', '3aa75ecc-0c9c-bfbe-a188-7acd9a55ed4a', 'vm', 1),
	(44, 44, 'b3cd0bad-08df-226b-9140-d5ce5d3f4a95', '86ec3c13-775d-5103-4fe3-890a70b78909', 'vm', 1),
	(45, 45, 'a5561778-6e03-cddf-8266-dab570875a48', 'b3cd0bad-08df-226b-9140-d5ce5d3f4a95', 'vm', 1),
	(46, 46, 'ac491368-e714-a3af-5666-1b9b5acdf8b7', 'a5561778-6e03-cddf-8266-dab570875a48', 'vm', 1),
	(47, 47, '70693f85-c0ba-b78d-bcd9-000e3a68d3f2', 'ac491368-e714-a3af-5666-1b9b5acdf8b7', 'vm', 1),
	(48, 48, '90d92eff-e09b-a667-12d0-d4b5d1457470', '70693f85-c0ba-b78d-bcd9-000e3a68d3f2', 'vm', 1);


--
-- Data for Name: mesh_beats; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_beats VALUES
	('8471123b-147d-69ef-7cba-5374043115d7', 1, 1769846400951, '2026-01-31 08:00:01.958669+00', '\x010000'),
	('8471123b-147d-69ef-7cba-5374043115d7', 2, 1769846401520, '2026-01-31 08:00:02.536318+00', '\x010100'),
	('8471123b-147d-69ef-7cba-5374043115d7', 3, 1769846402029, '2026-01-31 08:00:03.022733+00', '\x010700'),
	('8471123b-147d-69ef-7cba-5374043115d7', 4, 1769846402514, '2026-01-31 08:00:03.515851+00', '\x013000');


--
-- Data for Name: mesh_codes; Type: TABLE DATA; Schema: session_mesh; Owner: -
--



--
-- Data for Name: mesh_head; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_head VALUES
	(1, 48, '90d92eff-e09b-a667-12d0-d4b5d1457470', 1, 'vm', 1, NULL);


--
-- Data for Name: mesh_nodes; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_nodes VALUES
	('vm', '8471123b-147d-69ef-7cba-5374043115d7', 1, '0.1.0', 1, NULL, 48, 3, 0, false);


--
-- Data for Name: messages; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.messages VALUES
	(22, 'mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm', NULL);


--
-- Data for Name: receipts; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.receipts VALUES
	(26, '398b2e67d760cd246fcdff843ee47a0a', '139b5f244760c5b33ddbcde568658436', 1769846403193, 200, '{"directive_id":"d-25","agent_id":"worker-2","seq":5,"verb":"steer","direction":"once","message":null,"data":null,"state":"queued","issued_by":"dp4ggp972ek2","issued_at":"2026-01-31T08:00:03.193Z","expires_at":"2026-02-01T08:00:03.193Z","delivered_at":null,"accepted_at":null,"acknowledged_at":null,"ended_at":null,"note":null}', NULL, 'dp4ggp972ek2', 327, NULL);


--
-- Data for Name: sessions; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.sessions VALUES
	(41, '0afbc9ab11a1', 'ada', false, 86400, '{"k":"v","n":"\u0000"}', 1769846403344000, 1769846403344000, 1769932803344000, 0, 41),
	(42, 'ef9a7bb32a1d', 'bob', true, 60, '{}', 1769846403357000, 1769846403357000, 1769846463357000, 1769846403364000, 43);


--
-- Name: __EFMigrationsHistory PK___EFMigrationsHistory; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh."__EFMigrationsHistory"
    ADD CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY ("MigrationId");


--
-- Name: agents PK_agents; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.agents
    ADD CONSTRAINT "PK_agents" PRIMARY KEY (number);


--
-- Name: changes PK_changes; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.changes
    ADD CONSTRAINT "PK_changes" PRIMARY KEY (revision);


--
-- Name: claims PK_claims; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.claims
    ADD CONSTRAINT "PK_claims" PRIMARY KEY (revision);


--
-- Name: directives PK_directives; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.directives
    ADD CONSTRAINT "PK_directives" PRIMARY KEY (revision);


--
-- Name: heads PK_heads; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.heads
    ADD CONSTRAINT "PK_heads" PRIMARY KEY (agent);


--
-- Name: keys PK_keys; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.keys
    ADD CONSTRAINT "PK_keys" PRIMARY KEY (revision);


--
-- Name: links PK_links; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.links
    ADD CONSTRAINT "PK_links" PRIMARY KEY (revision);


--
-- Name: mesh PK_mesh; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.mesh
    ADD CONSTRAINT "PK_mesh" PRIMARY KEY (id);


--
-- Name: messages PK_messages; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.messages
    ADD CONSTRAINT "PK_messages" PRIMARY KEY (revision);


--
-- Name: receipts PK_receipts; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.receipts
    ADD CONSTRAINT "PK_receipts" PRIMARY KEY (revision);


--
-- Name: sessions PK_sessions; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.sessions
    ADD CONSTRAINT "PK_sessions" PRIMARY KEY (revision);


--
-- Name: mesh_batches mesh_batches_pkey; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.mesh_batches
    ADD CONSTRAINT mesh_batches_pkey PRIMARY KEY (last);


--
-- Name: mesh_beats mesh_beats_pkey; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.mesh_beats
    ADD CONSTRAINT mesh_beats_pkey PRIMARY KEY (owner, seq);


--
-- Name: mesh_codes mesh_codes_pkey; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.mesh_codes
    ADD CONSTRAINT mesh_codes_pkey PRIMARY KEY (hash);


--
-- Name: mesh_head mesh_head_pkey; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.mesh_head
    ADD CONSTRAINT mesh_head_pkey PRIMARY KEY (id);


--
-- Name: mesh_nodes mesh_nodes_pkey; Type: CONSTRAINT; Schema: session_mesh; Owner: -
--

ALTER TABLE ONLY session_mesh.mesh_nodes
    ADD CONSTRAINT mesh_nodes_pkey PRIMARY KEY (id);


--
-- Name: IX_agents_session; Type: INDEX; Schema: session_mesh; Owner: -
--

CREATE INDEX "IX_agents_session" ON session_mesh.agents USING btree (session);


--
-- Name: IX_directives_marks; Type: INDEX; Schema: session_mesh; Owner: -
--

CREATE INDEX "IX_directives_marks" ON session_mesh.directives USING btree (agent, seq) WHERE ((seq % (64)::bigint) = 0);


--
-- Name: IX_directives_pending; Type: INDEX; Schema: session_mesh; Owner: -
--

CREATE INDEX "IX_directives_pending" ON session_mesh.directives USING btree (revision) WHERE (state <= 2);


--
-- Name: IX_keys_id; Type: INDEX; Schema: session_mesh; Owner: -
--

CREATE INDEX "IX_keys_id" ON session_mesh.keys USING btree (id);


--
-- Name: IX_keys_lineage; Type: INDEX; Schema: session_mesh; Owner: -
--

CREATE INDEX "IX_keys_lineage" ON session_mesh.keys USING btree (lineage, generation);


--
-- PostgreSQL database dump complete
--


