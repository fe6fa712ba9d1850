-- root key smk_lzci9esoep0w_0AkoJ8jaZz9hvkwv1Vin77YZjvMnrlu7oDr3o0jO7CM_3c6nXi
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
	('20261128093000_Nodes', '10.0.14');


--
-- Data for Name: agents; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.agents VALUES
	(0, 'lead', 1, 2, 1, false, '["planning"]', '{"env":"prod"}', 'default', -1, 'ada', NULL, NULL, 1769846403752, 3600, NULL, NULL, NULL, 0, false, 2, 0, NULL, NULL, NULL, NULL),
	(3, 'gone', 1, 0, 5, false, '[]', '{}', 'default', -1, NULL, NULL, NULL, 1769846403863, 3600, NULL, '{"confirmed":true,"exit_code":3,"reason":"done","at":1769846404155,"tombstone_until":0}', NULL, 0, false, 5, 1769846404155, NULL, NULL, NULL, NULL),
	(4, 'killed', 1, 0, 5, false, '[]', '{}', 'default', -1, NULL, NULL, NULL, 1769846403867, 3600, '{"deadline":1769846404190,"reason":"stuck","cascade":true,"at":1769846404190}', '{"confirmed":false,"reason":"stuck","at":1769846404190,"tombstone_until":1769847304190}', NULL, 0, false, 6, 1769846404190, NULL, NULL, NULL, NULL),
	(2, 'worker-2', 1, 4, 1, false, '["ocr"]', '{}', 'default', 1, NULL, NULL, NULL, 1769846403858, 3600, NULL, NULL, NULL, 0, false, 4, 0, NULL, '[{"name":"ocr","level":50,"capacity":2}]', NULL, NULL),
	(1, 'worker-1', 1, 3, 1, false, '["image-processing","ocr"]', '{}', 'east', 0, NULL, NULL, 'north', 1769846403839, 3600, NULL, NULL, NULL, 0, false, 3, 0, NULL, NULL, 1769846404403, NULL);


--
-- Data for Name: changes; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.changes VALUES
	(1, 1769846402737, 'mesh', 'key.minted', 'lzci9esoep0w', '{"key_name":"root","scopes":["admin"],"hash":"afMx4gvh0iaC2TrdS0n9VK4v5n4OGtitsWAtHBGckEo=","expires_at":null,"incarnation":0,"generation":1,"refresh_expires_at":null}', NULL, NULL),
	(2, 1769846403752, 'lzci9esoep0w', 'agent.registered', 'lead', '{"incarnation":1,"ttl":3600,"cluster":"default","user":"ada","specializations":["planning"],"labels":{"env":"prod"},"superseded":false}', '127.0.0.1', '0HNJ0JQUM2LRE:00000001'),
	(3, 1769846403839, 'lzci9esoep0w', 'agent.registered', 'worker-1', '{"incarnation":1,"ttl":3600,"cluster":"east","parent_id":"lead","specializations":["image-processing","ocr"],"superseded":false}', '127.0.0.1', '0HNJ0JQUM2LRF:00000001'),
	(4, 1769846403858, 'lzci9esoep0w', 'agent.registered', 'worker-2', '{"incarnation":1,"ttl":3600,"cluster":"default","parent_id":"lead","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUM2LRG:00000001'),
	(5, 1769846403863, 'lzci9esoep0w', 'agent.registered', 'gone', '{"incarnation":1,"ttl":3600,"cluster":"default","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUM2LRH:00000001'),
	(6, 1769846403867, 'lzci9esoep0w', 'agent.registered', 'killed', '{"incarnation":1,"ttl":3600,"cluster":"default","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUM2LRI:00000001'),
	(7, 1769846403871, 'lzci9esoep0w', 'agent.registered', 'forgotten', '{"incarnation":1,"ttl":3600,"cluster":"default","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUM2LRJ:00000001'),
	(8, 1769846403889, 'lzci9esoep0w', 'agent.updated', 'worker-2', '{"ttl":3600,"cluster":"default","parent_id":"lead","specializations":["ocr"],"skills":[{"name":"ocr","level":50,"capacity":2}]}', '127.0.0.1', '0HNJ0JQUM2LRK:00000001'),
	(9, 1769846403934, 'lzci9esoep0w', 'directive.issued', 'worker-1', '{"seq":1,"verb":"steer","direction":"north","message":"first, and a \u0000","data":{"n":1,"z":"\u0000"},"expires_at":"2026-02-01T08:00:03.934Z","reason":"because"}', '127.0.0.1', '0HNJ0JQUM2LRL:00000001'),
	(10, 1769846403977, 'lzci9esoep0w', 'directive.acknowledged', 'worker-1', '{"seq":1,"note":"went"}', '127.0.0.1', '0HNJ0JQUM2LRM:00000001'),
	(11, 1769846403985, 'lzci9esoep0w', 'directive.issued', 'worker-1', '{"seq":2,"verb":"steer","direction":"south","expires_at":"2026-02-01T08:00:03.985Z"}', '127.0.0.1', '0HNJ0JQUM2LRN:00000001'),
	(12, 1769846403989, 'lzci9esoep0w', 'directive.rejected', 'worker-1', '{"seq":2,"note":"no"}', '127.0.0.1', '0HNJ0JQUM2LRO:00000001'),
	(13, 1769846403994, 'lzci9esoep0w', 'directive.issued', 'worker-1', '{"seq":3,"verb":"steer","direction":"east","expires_at":"2026-02-01T08:00:03.994Z"}', '127.0.0.1', '0HNJ0JQUM2LRP:00000001'),
	(14, 1769846403996, 'lzci9esoep0w', 'directive.accepted', 'worker-1', '{"seq":3}', '127.0.0.1', '0HNJ0JQUM2LRQ:00000001'),
	(15, 1769846403999, 'lzci9esoep0w', 'directive.issued', 'worker-1', '{"seq":4,"verb":"steer","direction":"west","expires_at":"2026-02-01T08:00:03.999Z"}', '127.0.0.1', '0HNJ0JQUM2LRR:00000001'),
	(16, 1769846404002, 'lzci9esoep0w', 'directive.issued', 'worker-1', '{"seq":5,"verb":"steer","direction":"up","expires_at":"2026-02-01T08:00:04.002Z"}', '127.0.0.1', '0HNJ0JQUM2LRS:00000001'),
	(17, 1769846404071, 'lzci9esoep0w', 'directive.cancelled', 'worker-1', '{"seq":5}', '127.0.0.1', '0HNJ0JQUM2LRT:00000001'),
	(18, 1769846404076, 'lzci9esoep0w', 'directive.issued', 'worker-2', '{"seq":1,"verb":"pause","expires_at":"2026-01-31T09:00:04.076Z"}', '127.0.0.1', '0HNJ0JQUM2LRU:00000001'),
	(19, 1769846404085, 'lzci9esoep0w', 'directive.issued', 'worker-2', '{"seq":2,"verb":"steer","direction":"later","expires_at":"2026-02-01T08:00:04.085Z"}', '127.0.0.1', '0HNJ0JQUM2LRV:00000001'),
	(20, 1769846404098, 'lzci9esoep0w', 'directive.issued', 'worker-1', '{"seq":6,"verb":"steer","direction":"both","message":"to many","expires_at":"2026-02-01T08:00:04.098Z"}', '127.0.0.1', '0HNJ0JQUM2LS0:00000001'),
	(21, 1769846404098, 'lzci9esoep0w', 'directive.issued', 'worker-2', '{"seq":3,"verb":"steer","direction":"both","message":"to many","expires_at":"2026-02-01T08:00:04.098Z"}', '127.0.0.1', '0HNJ0JQUM2LS0:00000001'),
	(22, 1769846404112, 'lzci9esoep0w', 'message.kept', 'messages', '{"text":"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"}', '127.0.0.1', '0HNJ0JQUM2LS1:00000001'),
	(23, 1769846404112, 'lzci9esoep0w', 'directive.issued', 'worker-1', '{"seq":7,"verb":"steer","direction":"all","message_at":22,"expires_at":"2026-02-01T08:00:04.112Z"}', '127.0.0.1', '0HNJ0JQUM2LS1:00000001'),
	(24, 1769846404112, 'lzci9esoep0w', 'directive.issued', 'worker-2', '{"seq":4,"verb":"steer","direction":"all","message_at":22,"expires_at":"2026-02-01T08:00:04.112Z"}', '127.0.0.1', '0HNJ0JQUM2LS1:00000001'),
	(25, 1769846404126, 'lzci9esoep0w', 'directive.issued', 'worker-2', '{"seq":5,"verb":"steer","direction":"once","expires_at":"2026-02-01T08:00:04.126Z"}', '127.0.0.1', '0HNJ0JQUM2LS2:00000001'),
	(26, 1769846404126, 'lzci9esoep0w', 'receipt.kept', '8703aa44866584f8254d9f7673ce472b', '{"request":"139b5f244760c5b33ddbcde568658436","status":200,"owner":"lzci9esoep0w","size":327}', '127.0.0.1', '0HNJ0JQUM2LS2:00000001'),
	(27, 1769846404155, 'lzci9esoep0w', 'agent.dead', 'gone', '{"incarnation":1,"confirmed":true,"exit_code":3,"reason":"done","tombstone_until":null}', '127.0.0.1', '0HNJ0JQUM2LS3:00000001'),
	(28, 1769846404190, 'lzci9esoep0w', 'directive.issued', 'killed', '{"seq":1,"verb":"stop","message":"stuck","data":{"grace":0,"force":true},"expires_at":"2026-01-31T08:15:04.190Z"}', '127.0.0.1', '0HNJ0JQUM2LS4:00000001'),
	(29, 1769846404190, 'lzci9esoep0w', 'agent.dead', 'killed', '{"incarnation":1,"confirmed":false,"reason":"stuck","tombstone_until":"2026-01-31T08:15:04.190Z"}', '127.0.0.1', '0HNJ0JQUM2LS4:00000001'),
	(30, 1769846404204, 'lzci9esoep0w', 'agent.dead', 'forgotten', '{"incarnation":1,"confirmed":true,"exit_code":0,"tombstone_until":null}', '127.0.0.1', '0HNJ0JQUM2LS5:00000001'),
	(31, 1769846404211, 'lzci9esoep0w', 'agent.forgotten', 'forgotten', '{"incarnation":1}', '127.0.0.1', '0HNJ0JQUM2LS6:00000001'),
	(32, 1769846404241, 'lzci9esoep0w', 'agent.moved', 'worker-2', '{"parent_id":"worker-1","from_parent_id":"lead"}', '127.0.0.1', '0HNJ0JQUM2LS7:00000001'),
	(33, 1769846404256, 'lzci9esoep0w', 'key.minted', 'dme10ijeawhj', '{"key_name":"ops","parent":"lzci9esoep0w","scopes":["mesh:read","steer","keys:mint"],"hash":"AglQnfjDnvIUGX86Q8VfILnjGfjfMYq1KijxjqmyjSk=","expires_at":"2026-02-01T08:00:04.256Z","incarnation":0,"generation":1,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUM2LS8:00000001'),
	(34, 1769846404278, 'lzci9esoep0w', 'key.limited', 'dme10ijeawhj', '{"expires_at":"2026-01-31T08:00:34.278Z"}', '127.0.0.1', '0HNJ0JQUM2LS9:00000001'),
	(35, 1769846404278, 'lzci9esoep0w', 'key.minted', 'pi0pzho9o9ie', '{"key_name":"ops","parent":"lzci9esoep0w","lineage":"dme10ijeawhj","scopes":["mesh:read","steer","keys:mint"],"hash":"zam9lMNCmuldwyz0E2X5ioucNhISURoLmfllMWJ/dzE=","expires_at":"2026-02-01T08:00:04.278Z","incarnation":0,"generation":2,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUM2LS9:00000001'),
	(36, 1769846404295, 'lzci9esoep0w', 'key.minted', 'u354antmcx66', '{"key_name":"short","parent":"lzci9esoep0w","scopes":["admin"],"hash":"l2CafTOfZS6IAqYrEggpMNFPeL8YYCK07e\u002Bx1/s3FNk=","expires_at":"2026-01-31T09:00:04.295Z","incarnation":0,"generation":1,"refresh_hash":"22KuSbrl79vzSUU0irCwhnga3WQrVnffIF5pLDallEM=","refresh_expires_at":"2026-02-07T08:00:04.295Z"}', '127.0.0.1', '0HNJ0JQUM2LSA:00000001'),
	(37, 1769846404301, 'lzci9esoep0w', 'key.minted', 'avkgo9b5noiu', '{"key_name":"revoked","parent":"lzci9esoep0w","scopes":["admin"],"hash":"CC1r5KamXnuLCXa1Mufvu4FpHXerohjb5xXwBFrLQNE=","expires_at":"2026-01-31T09:00:04.301Z","incarnation":0,"generation":1,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUM2LSB:00000001'),
	(38, 1769846404306, 'lzci9esoep0w', 'key.revoked', 'avkgo9b5noiu', '{"reason":"revoked"}', '127.0.0.1', '0HNJ0JQUM2LSC:00000001'),
	(39, 1769846404325, 'lzci9esoep0w', 'key.minted', 'n96lpe0am0ek', '{"key_name":"exporter","parent":"lzci9esoep0w","scopes":["mesh:read"],"hash":"KjMi36VjHlBarjTQA4vvH8ruD92wMe/UCg40illEkjs=","expires_at":"2026-07-30T08:00:04.325Z","incarnation":0,"generation":1,"refresh_expires_at":null,"service":true}', '127.0.0.1', '0HNJ0JQUM2LSD:00000001'),
	(40, 1769846404334, 'lzci9esoep0w', 'key.minted', 'iw4xoecxroit', '{"key_name":"w1","parent":"lzci9esoep0w","scopes":["agent:self"],"within":["agent:worker-1"],"hash":"HseXnN\u002B1dzRdgPpcPmEch\u002Bnpr44FnkxWgAi8IkZwyiA=","expires_at":null,"agent_id":"worker-1","incarnation":1,"generation":1,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUM2LSE:00000001'),
	(41, 1769846404356, 'lzci9esoep0w', 'session.created', 'b690862903cc', '{"user":"ada","ttl":86400,"meta":{"k":"v","n":"\u0000"},"expires_at":"2026-02-01T08:00:04.356000Z"}', '127.0.0.1', '0HNJ0JQUM2LSF:00000001'),
	(42, 1769846404380, 'lzci9esoep0w', 'session.created', 'cb313e31f1d7', '{"user":"bob","ttl":60,"expires_at":"2026-01-31T08:01:04.380000Z"}', '127.0.0.1', '0HNJ0JQUM2LSG:00000001'),
	(43, 1769846404388, 'lzci9esoep0w', 'session.expired', 'cb313e31f1d7', '{"by_hand":true}', '127.0.0.1', '0HNJ0JQUM2LSH:00000001'),
	(44, 1769846404403, 'lzci9esoep0w', 'claim.made', 'worker-1', '{"specialization":"ocr","ttl":3600}', '127.0.0.1', '0HNJ0JQUM2LSI:00000001'),
	(45, 1769846404454, 'lzci9esoep0w', 'link.made', 'worker-1', '{"to":"worker-2","link_kind":"feeds","link_weight":3}', '127.0.0.1', '0HNJ0JQUM2LSJ:00000001'),
	(46, 1769846404496, 'lzci9esoep0w', 'admin.requested', 'compact', '{}', '127.0.0.1', '0HNJ0JQUM2LSK:00000001'),
	(47, 1769846404580, 'lzci9esoep0w', 'directive.issued', 'worker-1', '{"seq":8,"verb":"steer","direction":"down","expires_at":"2026-02-01T08:00:04.580Z"}', '127.0.0.1', '0HNJ0JQUM2LSL:00000001'),
	(48, 1769846404589, 'lzci9esoep0w', 'admin.requested', 'check', '{}', '127.0.0.1', '0HNJ0JQUM2LSM:00000001');


--
-- Data for Name: claims; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.claims VALUES
	(44, 1, 'ocr', 'lzci9esoep0w', 'lzci9esoep0w', NULL, 3600, 1769846404403, 1769850004403);


--
-- Data for Name: directives; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.directives VALUES
	(9, 1, 1, 0, 0, 'north', 'first, and a 0', '{"n":1,"z":"\u0000"}', 3, 'lzci9esoep0w', 1769846403934, 1769932803934, 0, 0, 1769846403977, 'went', NULL),
	(11, 1, 2, 9, 0, 'south', NULL, NULL, 4, 'lzci9esoep0w', 1769846403985, 1769932803985, 0, 0, 1769846403989, 'no', NULL),
	(13, 1, 3, 11, 0, 'east', NULL, NULL, 2, 'lzci9esoep0w', 1769846403994, 1769932803994, 0, 1769846403996, 0, NULL, NULL),
	(15, 1, 4, 13, 0, 'west', NULL, NULL, 0, 'lzci9esoep0w', 1769846403999, 1769932803999, 0, 0, 0, NULL, NULL),
	(16, 1, 5, 15, 0, 'up', NULL, NULL, 6, 'lzci9esoep0w', 1769846404002, 1769932804002, 0, 0, 1769846404071, NULL, NULL),
	(18, 2, 1, 0, 1, NULL, NULL, NULL, 0, 'lzci9esoep0w', 1769846404076, 1769850004076, 0, 0, 0, NULL, NULL),
	(19, 2, 2, 18, 0, 'later', NULL, NULL, 0, 'lzci9esoep0w', 1769846404085, 1769932804085, 0, 0, 0, NULL, NULL),
	(20, 1, 6, 16, 0, 'both', 'to many', NULL, 0, 'lzci9esoep0w', 1769846404098, 1769932804098, 0, 0, 0, NULL, NULL),
	(21, 2, 3, 19, 0, 'both', 'to many', NULL, 0, 'lzci9esoep0w', 1769846404098, 1769932804098, 0, 0, 0, NULL, NULL),
	(23, 1, 7, 20, 0, 'all', NULL, NULL, 0, 'lzci9esoep0w', 1769846404112, 1769932804112, 0, 0, 0, NULL, 22),
	(24, 2, 4, 21, 0, 'all', NULL, NULL, 0, 'lzci9esoep0w', 1769846404112, 1769932804112, 0, 0, 0, NULL, 22),
	(25, 2, 5, 24, 0, 'once', NULL, NULL, 0, 'lzci9esoep0w', 1769846404126, 1769932804126, 0, 0, 0, NULL, NULL),
	(28, 4, 1, 0, 3, NULL, 'stuck', '{"grace":0,"force":true}', 0, 'lzci9esoep0w', 1769846404190, 1769847304190, 0, 0, 0, NULL, NULL),
	(47, 1, 8, 23, 0, 'down', NULL, NULL, 0, 'lzci9esoep0w', 1769846404580, 1769932804580, 0, 0, 0, NULL, NULL);


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
	(1, 'lzci9esoep0w', 'root', 'lzci9esoep0w', NULL, NULL, '["admin"]', NULL, 'afMx4gvh0iaC2TrdS0n9VK4v5n4OGtitsWAtHBGckEo=', 1769846402737, 0, 0, NULL, 0, 1, NULL, 0, 0, 0, false, 0, 0, NULL),
	(33, 'dme10ijeawhj', 'ops', 'dme10ijeawhj', 'lzci9esoep0w', 'dme10ijeawhj', '["keys:mint","mesh:read","steer"]', NULL, 'AglQnfjDnvIUGX86Q8VfILnjGfjfMYq1KijxjqmyjSk=', 1769846404256, 1769846434278, 86400000, NULL, 0, 1, NULL, 0, 0, 0, false, 0, 0, NULL),
	(35, 'pi0pzho9o9ie', 'ops', 'dme10ijeawhj', 'lzci9esoep0w', 'dme10ijeawhj', '["keys:mint","mesh:read","steer"]', NULL, 'zam9lMNCmuldwyz0E2X5ioucNhISURoLmfllMWJ/dzE=', 1769846404278, 1769932804278, 86400000, NULL, 0, 2, NULL, 0, 0, 0, false, 0, 0, NULL),
	(36, 'u354antmcx66', 'short', 'u354antmcx66', 'lzci9esoep0w', NULL, '["admin"]', NULL, 'l2CafTOfZS6IAqYrEggpMNFPeL8YYCK07e+x1/s3FNk=', 1769846404295, 1769850004295, 3600000, NULL, 0, 1, '22KuSbrl79vzSUU0irCwhnga3WQrVnffIF5pLDallEM=', 1770451204295, 0, 0, false, 0, 0, NULL),
	(37, 'avkgo9b5noiu', 'revoked', 'avkgo9b5noiu', 'lzci9esoep0w', NULL, '["admin"]', NULL, 'CC1r5KamXnuLCXa1Mufvu4FpHXerohjb5xXwBFrLQNE=', 1769846404301, 1769850004301, 3600000, NULL, 0, 1, NULL, 0, 0, 1769846404306, false, 0, 0, true),
	(39, 'n96lpe0am0ek', 'exporter', 'n96lpe0am0ek', 'lzci9esoep0w', 'n96lpe0am0ek', '["mesh:read"]', NULL, 'KjMi36VjHlBarjTQA4vvH8ruD92wMe/UCg40illEkjs=', 1769846404325, 1785398404325, 15552000000, NULL, 0, 1, NULL, 0, 0, 0, true, 0, 0, NULL),
	(40, 'iw4xoecxroit', 'w1', 'iw4xoecxroit', 'lzci9esoep0w', 'iw4xoecxroit', '["agent:self"]', '["agent:worker-1"]', 'HseXnN+1dzRdgPpcPmEch+npr44FnkxWgAi8IkZwyiA=', 1769846404334, 0, 0, 'worker-1', 1, 1, NULL, 0, 0, 0, false, 0, 0, NULL);


--
-- Data for Name: links; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.links VALUES
	(45, 1, 2, 'feeds', 3, NULL, 1769846404454);


--
-- Data for Name: mesh; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh VALUES
	(1, 1, 1, 46);


--
-- Data for Name: mesh_batches; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_batches VALUES
	(1, 1, '7e821d62-55c2-b7a9-cb55-e2e0c19a5339', '00000000-0000-0000-0000-000000000000', 'first', 1),
	(2, 2, '2e2a3ea9-0848-e791-9f3c-9d4140a8bc06', '7e821d62-55c2-b7a9-cb55-e2e0c19a5339', 'first', 1),
	(3, 3, '74fdde59-b7c7-ca51-76e8-c075dbdf4a9e', '2e2a3ea9-0848-e791-9f3c-9d4140a8bc06', 'first', 1),
	(4, 4, '90783ce1-737c-fef6-b9f5-ab07cdb8cedd', '74fdde59-b7c7-ca51-76e8-c075dbdf4a9e', 'first', 1),
	(5, 5, '4096e36c-1bce-bca1-5f5c-6bd7a131ed89', '90783ce1-737c-fef6-b9f5-ab07cdb8cedd', 'first', 1),
	(6, 6, '0371c25b-190f-5344-c8f2-1d371cf2855f', '4096e36c-1bce-bca1-5f5c-6bd7a131ed89', 'first', 1),
	(7, 7, '121c65ed-4ac6-008b-cdbe-ecdffcedac20', '0371c25b-190f-5344-c8f2-1d371cf2855f', 'first', 1),
	(8, 8, '478c7a21-12d7-89d1-aab9-3bf005661979', '121c65ed-4ac6-008b-cdbe-ecdffcedac20', 'first', 1),
	(9, 9, '579b41b9-b33f-1997-7fe3-d9c0e997b7ab', '478c7a21-12d7-89d1-aab9-3bf005661979', 'first', 1),
	(10, 10, '52b9db94-ce6a-df7b-b4c4-f470ea5f9d18', '579b41b9-b33f-1997-7fe3-d9c0e997b7ab', 'first', 1),
	(11, 11, 'ed905b9f-e478-0566-0cbb-49bf036ea3f5', '52b9db94-ce6a-df7b-b4c4-f470ea5f9d18', 'first', 1),
	(12, 12, '3fa50091-cd4a-e1a9-202d-dfb1562877ae', 'ed905b9f-e478-0566-0cbb-49bf036ea3f5', 'first', 1),
	(13, 13, 'da5b3f59-487a-ea66-0101-912005dd7f8a', '3fa50091-cd4a-e1a9-202d-dfb1562877ae', 'first', 1),
	(14, 14, '1038ca28-c406-d105-661d-64b203afc6b9', 'da5b3f59-487a-ea66-0101-912005dd7f8a', 'first', 1),
	(15, 15, 'eae2f860-53f8-165c-b87f-0af4d1de19ad', '1038ca28-c406-d105-661d-64b203afc6b9', 'first', 1),
	(16, 16, 'b14b3192-2180-e355-1508-50899dd3360a', 'eae2f860-53f8-165c-b87f-0af4d1de19ad', 'first', 1),
	(17, 17, '22b7a0fe-b728-0e85-b10f-57d538c7b95a', 'b14b3192-2180-e355-1508-50899dd3360a', 'first', 1),
	(18, 18, '08eccecb-d3c3-fd0e-96be-4c7ed7dd4621', '22b7a0fe-b728-0e85-b10f-57d538c7b95a', 'first', 1),
	(19, 19, 'c0128e7d-33ee-8868-2911-1f5a3618766a', '08eccecb-d3c3-fd0e-96be-4c7ed7dd4621', 'first', 1),
	(21, 20, '8244ac2e-de13-d3c9-ef24-bbd2f4ab84e9', 'c0128e7d-33ee-8868-2911-1f5a3618766a', 'first', 1),
	(24, 22, '1111738c-6672-9c77-145e-41198162176a', '8244ac2e-de13-d3c9-ef24-bbd2f4ab84e9', 'first', 1),
	(26, 25, '20281ce0-f230-01b6-0259-4565309ead3d', '1111738c-6672-9c77-145e-41198162176a', 'first', 1),
	(27, 27, '850078ac-2629-b0a7-aab4-e03a9882eba0', '20281ce0-f230-01b6-0259-4565309ead3d', 'first', 1),
	(29, 28, '4b9274c2-03fa-9e72-cc93-0d4ef2c63fd6', '850078ac-2629-b0a7-aab4-e03a9882eba0', 'first', 1),
	(30, 30, '15227b07-6eca-ee62-ddf1-9772d48518a7', '4b9274c2-03fa-9e72-cc93-0d4ef2c63fd6', 'first', 1),
	(31, 31, '4afb514c-6705-590a-f70f-1f1c1cec5cad', '15227b07-6eca-ee62-ddf1-9772d48518a7', 'first', 1),
	(32, 32, '22461f91-92d3-93d5-fe61-04d2fb3202ff', '4afb514c-6705-590a-f70f-1f1c1cec5cad', 'first', 1),
	(33, 33, '157d414d-1580-df3d-3177-d57e3db378d1', '22461f91-92d3-93d5-fe61-04d2fb3202ff', 'first', 1),
	(35, 34, 'f7c1842c-cd7a-bab6-3004-b1a4d13232a2', '157d414d-1580-df3d-3177-d57e3db378d1', 'first', 1),
	(36, 36, '3ec405f0-d157-9555-029a-e52ea570aa1a', 'f7c1842c-cd7a-bab6-3004-b1a4d13232a2', 'first', 1),
	(37, 37, 'd093f3e2-2e67-e06f-2ed1-67b2c375ffdf', '3ec405f0-d157-9555-029a-e52ea570aa1a', 'first', 1),
	(38, 38, '58299e4d-7053-80ef-f8b0-e1396d8b93fe', 'd093f3e2-2e67-e06f-2ed1-67b2c375ffdf', 'first', 1),
	(39, 39, '038fd491-a58f-7b68-32f9-18359472eb52', '58299e4d-7053-80ef-f8b0-e1396d8b93fe', 'first', 1),
	(40, 40, '16a264ce-f0aa-d362-2c3c-40ebc50ab4ee', '038fd491-a58f-7b68-32f9-18359472eb52', 'first', 1),
	(41, 41, '1459f364-121e-f832-410b-ee76a1a8c229', '16a264ce-f0aa-d362-2c3c-40ebc50ab4ee', 'first', 1),
	(42, 42, 'a4098afe-cdab-ccd2-046c-aa03dedaf3e8', '1459f364-121e-f832-410b-ee76a1a8c229', 'first', 1),
	(43, 43, '0fd11673-d4a8-0fa2-9843-c031e0542165', 'a4098afe-cdab-ccd2-046c-aa03dedaf3e8', 'first', 1),
	(44, 44, 'e467b5e8-efd8-bdc0-66a6-e11e9da1a27e', '0fd11673-d4a8-0fa2-9843-c031e0542165', 'first', 1),
	(45, 45, 'b9287054-ac50-5acd-db30-18aef5008adb', 'e467b5e8-efd8-bdc0-66a6-e11e9da1a27e', 'first', 1),
	(46, 46, '24202dcb-981d-e0c1-0e3d-60f5ef74fe54', 'b9287054-ac50-5acd-db30-18aef5008adb', 'first', 1),
	(47, 47, 'cdd1090e-6d8b-6759-ec97-8721ccebb613', '24202dcb-981d-e0c1-0e3d-60f5ef74fe54', 'first', 1),
	(48, 48, '3ae7b34d-e85c-397a-5d01-b4244eb766dc', 'cdd1090e-6d8b-6759-ec97-8721ccebb613', 'first', 1);


--
-- Data for Name: mesh_beats; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_beats VALUES
	('3db60d29-0239-fa14-49ed-1a385cc0243f', 1, 1769846401644, '2026-01-31 08:00:02.654292+00', '\x010000'),
	('3db60d29-0239-fa14-49ed-1a385cc0243f', 2, 1769846402218, '2026-01-31 08:00:03.24829+00', '\x010100'),
	('3db60d29-0239-fa14-49ed-1a385cc0243f', 3, 1769846402733, '2026-01-31 08:00:03.737762+00', '\x010100'),
	('3db60d29-0239-fa14-49ed-1a385cc0243f', 4, 1769846403220, '2026-01-31 08:00:04.221354+00', '\x011e00'),
	('3db60d29-0239-fa14-49ed-1a385cc0243f', 5, 1769846403718, '2026-01-31 08:00:04.721016+00', '\x013000'),
	('3db60d29-0239-fa14-49ed-1a385cc0243f', 6, 1769846403808, '2026-01-31 08:00:04.808693+00', '\x013000');


--
-- Data for Name: mesh_codes; Type: TABLE DATA; Schema: session_mesh; Owner: -
--



--
-- Data for Name: mesh_head; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_head VALUES
	(1, 48, '3ae7b34d-e85c-397a-5d01-b4244eb766dc', 1, 'first', 1, NULL);


--
-- Data for Name: mesh_nodes; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_nodes VALUES
	('first', '3db60d29-0239-fa14-49ed-1a385cc0243f', 1, '0.1.0', 1, NULL, 48, 3, 0, false);


--
-- Data for Name: messages; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.messages VALUES
	(22, 'mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm', NULL);


--
-- Data for Name: receipts; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.receipts VALUES
	(26, '8703aa44866584f8254d9f7673ce472b', '139b5f244760c5b33ddbcde568658436', 1769846404126, 200, '{"directive_id":"d-25","agent_id":"worker-2","seq":5,"verb":"steer","direction":"once","message":null,"data":null,"state":"queued","issued_by":"lzci9esoep0w","issued_at":"2026-01-31T08:00:04.126Z","expires_at":"2026-02-01T08:00:04.126Z","delivered_at":null,"accepted_at":null,"acknowledged_at":null,"ended_at":null,"note":null}', NULL, 'lzci9esoep0w', 327, NULL);


--
-- Data for Name: sessions; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.sessions VALUES
	(41, 'b690862903cc', 'ada', false, 86400, '{"k":"v","n":"\u0000"}', 1769846404356000, 1769846404356000, 1769932804356000, 0, 41),
	(42, 'cb313e31f1d7', 'bob', true, 60, '{}', 1769846404380000, 1769846404380000, 1769846464380000, 1769846404388000, 43);


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


