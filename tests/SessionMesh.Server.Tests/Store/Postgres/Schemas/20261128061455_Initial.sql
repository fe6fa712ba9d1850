-- root key smk_2le0442doimm_asjJ4WxPeHoRdbbyal27p0VlTA5Tkbemj0ujRJo5TrM_0lQW11
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
-- Name: mesh_append(text, bigint, bigint, uuid, bigint, uuid, integer, session_mesh.changes[], session_mesh.messages[], integer[], session_mesh.agents[], session_mesh.directives[], session_mesh.directives[], session_mesh.keys[], bigint[], session_mesh.claims[], bigint[], session_mesh.links[], bigint[], session_mesh.sessions[], session_mesh.receipts[], bigint); Type: FUNCTION; Schema: session_mesh; Owner: -
--

CREATE FUNCTION session_mesh.mesh_append(p_node text, p_session bigint, p_revision bigint, p_stamp uuid, p_last bigint, p_next uuid, p_forgotten_incarnation integer, p_changes session_mesh.changes[], p_messages session_mesh.messages[], p_removed_agents integer[], p_agents session_mesh.agents[], p_directives session_mesh.directives[], p_moved session_mesh.directives[], p_keys session_mesh.keys[], p_removed_claims bigint[], p_claims session_mesh.claims[], p_removed_links bigint[], p_links session_mesh.links[], p_removed_sessions bigint[], p_sessions session_mesh.sessions[], p_receipts session_mesh.receipts[], p_receipts_from bigint) RETURNS text
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('session-mesh.node:' || p_node, 0));
    IF NOT EXISTS (SELECT FROM mesh_nodes WHERE id = p_node AND session = p_session) THEN
        RETURN 'replaced';
    END IF;

    UPDATE mesh_head SET revision = p_last, stamp = p_next WHERE revision = p_revision AND stamp = p_stamp;
    IF NOT FOUND THEN
        RETURN 'behind';
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
    RETURN 'committed';
END $$;


--
-- Name: mesh_begin(text, uuid, text, integer); Type: FUNCTION; Schema: session_mesh; Owner: -
--

CREATE FUNCTION session_mesh.mesh_begin(p_node text, p_owner uuid, p_version text, p_log_level integer) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    begun bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.nodes', 0));
    IF EXISTS (SELECT FROM mesh_nodes WHERE id <> p_node AND seen > clock_timestamp() - interval '10 seconds') THEN
        RETURN NULL;
    END IF;

    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.node:' || p_node, 0));
    INSERT INTO mesh_nodes AS n (id, owner, session, version, log_level, seen)
        VALUES (p_node, p_owner, 1, p_version, p_log_level, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET owner = p_owner, session = n.session + 1, version = p_version, log_level = p_log_level,
        seen = clock_timestamp()
    RETURNING session INTO begun;
    RETURN begun;
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
-- Name: mesh_head; Type: TABLE; Schema: session_mesh; Owner: -
--

CREATE TABLE session_mesh.mesh_head (
    id integer NOT NULL,
    revision bigint NOT NULL,
    stamp uuid NOT NULL,
    log_level integer NOT NULL,
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
    seen timestamp with time zone
);


--
-- Data for Name: __EFMigrationsHistory; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh."__EFMigrationsHistory" VALUES
	('20261128061455_Initial', '10.0.14');


--
-- Data for Name: agents; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.agents VALUES
	(0, 'lead', 1, 2, 1, false, '["planning"]', '{"env":"prod"}', 'default', -1, 'ada', NULL, NULL, 1769846402297, 3600, NULL, NULL, NULL, 0, false, 2, 0, NULL, NULL, NULL, NULL),
	(3, 'gone', 1, 0, 5, false, '[]', '{}', 'default', -1, NULL, NULL, NULL, 1769846402400, 3600, NULL, '{"confirmed":true,"exit_code":3,"reason":"done","at":1769846402643,"tombstone_until":0}', NULL, 0, false, 5, 1769846402643, NULL, NULL, NULL, NULL),
	(4, 'killed', 1, 0, 5, false, '[]', '{}', 'default', -1, NULL, NULL, NULL, 1769846402403, 3600, '{"deadline":1769846402676,"reason":"stuck","cascade":true,"at":1769846402676}', '{"confirmed":false,"reason":"stuck","at":1769846402676,"tombstone_until":1769847302676}', NULL, 0, false, 6, 1769846402676, NULL, NULL, NULL, NULL),
	(2, 'worker-2', 1, 4, 1, false, '["ocr"]', '{}', 'default', 1, NULL, NULL, NULL, 1769846402395, 3600, NULL, NULL, NULL, 0, false, 4, 0, NULL, '[{"name":"ocr","level":50,"capacity":2}]', NULL, NULL),
	(1, 'worker-1', 1, 3, 1, false, '["image-processing","ocr"]', '{}', 'east', 0, NULL, NULL, 'north', 1769846402388, 3600, NULL, NULL, NULL, 0, false, 3, 0, NULL, NULL, 1769846402875, NULL);


--
-- Data for Name: changes; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.changes VALUES
	(1, 1769846401726, 'mesh', 'key.minted', '2le0442doimm', '{"key_name":"root","scopes":["admin"],"hash":"G0YwNWpz9vGqfrRbo/ZI3vO4xhQKmiFfcLrMPoeGe\u002BI=","expires_at":null,"incarnation":0,"generation":1,"refresh_expires_at":null}', NULL, NULL),
	(2, 1769846402297, '2le0442doimm', 'agent.registered', 'lead', '{"incarnation":1,"ttl":3600,"cluster":"default","user":"ada","specializations":["planning"],"labels":{"env":"prod"},"superseded":false}', '127.0.0.1', '0HNJ0JQUBIVM8:00000001'),
	(3, 1769846402388, '2le0442doimm', 'agent.registered', 'worker-1', '{"incarnation":1,"ttl":3600,"cluster":"east","parent_id":"lead","specializations":["image-processing","ocr"],"superseded":false}', '127.0.0.1', '0HNJ0JQUBIVM9:00000001'),
	(4, 1769846402395, '2le0442doimm', 'agent.registered', 'worker-2', '{"incarnation":1,"ttl":3600,"cluster":"default","parent_id":"lead","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUBIVMA:00000001'),
	(5, 1769846402400, '2le0442doimm', 'agent.registered', 'gone', '{"incarnation":1,"ttl":3600,"cluster":"default","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUBIVMB:00000001'),
	(6, 1769846402403, '2le0442doimm', 'agent.registered', 'killed', '{"incarnation":1,"ttl":3600,"cluster":"default","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUBIVMC:00000001'),
	(7, 1769846402406, '2le0442doimm', 'agent.registered', 'forgotten', '{"incarnation":1,"ttl":3600,"cluster":"default","specializations":[],"superseded":false}', '127.0.0.1', '0HNJ0JQUBIVMD:00000001'),
	(8, 1769846402418, '2le0442doimm', 'agent.updated', 'worker-2', '{"ttl":3600,"cluster":"default","parent_id":"lead","specializations":["ocr"],"skills":[{"name":"ocr","level":50,"capacity":2}]}', '127.0.0.1', '0HNJ0JQUBIVME:00000001'),
	(9, 1769846402452, '2le0442doimm', 'directive.issued', 'worker-1', '{"seq":1,"verb":"steer","direction":"north","message":"first, and a \u0000","data":{"n":1,"z":"\u0000"},"expires_at":"2026-02-01T08:00:02.452Z","reason":"because"}', '127.0.0.1', '0HNJ0JQUBIVMF:00000001'),
	(10, 1769846402484, '2le0442doimm', 'directive.acknowledged', 'worker-1', '{"seq":1,"note":"went"}', '127.0.0.1', '0HNJ0JQUBIVMG:00000001'),
	(11, 1769846402492, '2le0442doimm', 'directive.issued', 'worker-1', '{"seq":2,"verb":"steer","direction":"south","expires_at":"2026-02-01T08:00:02.492Z"}', '127.0.0.1', '0HNJ0JQUBIVMH:00000001'),
	(12, 1769846402496, '2le0442doimm', 'directive.rejected', 'worker-1', '{"seq":2,"note":"no"}', '127.0.0.1', '0HNJ0JQUBIVMI:00000001'),
	(13, 1769846402498, '2le0442doimm', 'directive.issued', 'worker-1', '{"seq":3,"verb":"steer","direction":"east","expires_at":"2026-02-01T08:00:02.498Z"}', '127.0.0.1', '0HNJ0JQUBIVMJ:00000001'),
	(14, 1769846402500, '2le0442doimm', 'directive.accepted', 'worker-1', '{"seq":3}', '127.0.0.1', '0HNJ0JQUBIVMK:00000001'),
	(15, 1769846402503, '2le0442doimm', 'directive.issued', 'worker-1', '{"seq":4,"verb":"steer","direction":"west","expires_at":"2026-02-01T08:00:02.503Z"}', '127.0.0.1', '0HNJ0JQUBIVML:00000001'),
	(16, 1769846402505, '2le0442doimm', 'directive.issued', 'worker-1', '{"seq":5,"verb":"steer","direction":"up","expires_at":"2026-02-01T08:00:02.505Z"}', '127.0.0.1', '0HNJ0JQUBIVMM:00000001'),
	(17, 1769846402571, '2le0442doimm', 'directive.cancelled', 'worker-1', '{"seq":5}', '127.0.0.1', '0HNJ0JQUBIVMN:00000001'),
	(18, 1769846402577, '2le0442doimm', 'directive.issued', 'worker-2', '{"seq":1,"verb":"pause","expires_at":"2026-01-31T09:00:02.577Z"}', '127.0.0.1', '0HNJ0JQUBIVMO:00000001'),
	(19, 1769846402579, '2le0442doimm', 'directive.issued', 'worker-2', '{"seq":2,"verb":"steer","direction":"later","expires_at":"2026-02-01T08:00:02.579Z"}', '127.0.0.1', '0HNJ0JQUBIVMP:00000001'),
	(20, 1769846402588, '2le0442doimm', 'directive.issued', 'worker-1', '{"seq":6,"verb":"steer","direction":"both","message":"to many","expires_at":"2026-02-01T08:00:02.588Z"}', '127.0.0.1', '0HNJ0JQUBIVMQ:00000001'),
	(21, 1769846402588, '2le0442doimm', 'directive.issued', 'worker-2', '{"seq":3,"verb":"steer","direction":"both","message":"to many","expires_at":"2026-02-01T08:00:02.588Z"}', '127.0.0.1', '0HNJ0JQUBIVMQ:00000001'),
	(22, 1769846402601, '2le0442doimm', 'message.kept', 'messages', '{"text":"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"}', '127.0.0.1', '0HNJ0JQUBIVMR:00000001'),
	(23, 1769846402601, '2le0442doimm', 'directive.issued', 'worker-1', '{"seq":7,"verb":"steer","direction":"all","message_at":22,"expires_at":"2026-02-01T08:00:02.601Z"}', '127.0.0.1', '0HNJ0JQUBIVMR:00000001'),
	(24, 1769846402601, '2le0442doimm', 'directive.issued', 'worker-2', '{"seq":4,"verb":"steer","direction":"all","message_at":22,"expires_at":"2026-02-01T08:00:02.601Z"}', '127.0.0.1', '0HNJ0JQUBIVMR:00000001'),
	(25, 1769846402615, '2le0442doimm', 'directive.issued', 'worker-2', '{"seq":5,"verb":"steer","direction":"once","expires_at":"2026-02-01T08:00:02.615Z"}', '127.0.0.1', '0HNJ0JQUBIVMS:00000001'),
	(26, 1769846402615, '2le0442doimm', 'receipt.kept', 'd135594e7fb0b7dc11e91e98f8273edc', '{"request":"139b5f244760c5b33ddbcde568658436","status":200,"owner":"2le0442doimm","size":327}', '127.0.0.1', '0HNJ0JQUBIVMS:00000001'),
	(27, 1769846402643, '2le0442doimm', 'agent.dead', 'gone', '{"incarnation":1,"confirmed":true,"exit_code":3,"reason":"done","tombstone_until":null}', '127.0.0.1', '0HNJ0JQUBIVMT:00000001'),
	(28, 1769846402676, '2le0442doimm', 'directive.issued', 'killed', '{"seq":1,"verb":"stop","message":"stuck","data":{"grace":0,"force":true},"expires_at":"2026-01-31T08:15:02.676Z"}', '127.0.0.1', '0HNJ0JQUBIVMU:00000001'),
	(29, 1769846402676, '2le0442doimm', 'agent.dead', 'killed', '{"incarnation":1,"confirmed":false,"reason":"stuck","tombstone_until":"2026-01-31T08:15:02.676Z"}', '127.0.0.1', '0HNJ0JQUBIVMU:00000001'),
	(30, 1769846402692, '2le0442doimm', 'agent.dead', 'forgotten', '{"incarnation":1,"confirmed":true,"exit_code":0,"tombstone_until":null}', '127.0.0.1', '0HNJ0JQUBIVMV:00000001'),
	(31, 1769846402709, '2le0442doimm', 'agent.forgotten', 'forgotten', '{"incarnation":1}', '127.0.0.1', '0HNJ0JQUBIVN0:00000001'),
	(32, 1769846402749, '2le0442doimm', 'agent.moved', 'worker-2', '{"parent_id":"worker-1","from_parent_id":"lead"}', '127.0.0.1', '0HNJ0JQUBIVN1:00000001'),
	(33, 1769846402759, '2le0442doimm', 'key.minted', '1271rg4uvscp', '{"key_name":"ops","parent":"2le0442doimm","scopes":["mesh:read","steer","keys:mint"],"hash":"4kqXFYOVE3IJU4J1OIyx8wGrk2COl6o2sE8vSZqxpuw=","expires_at":"2026-02-01T08:00:02.759Z","incarnation":0,"generation":1,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUBIVN2:00000001'),
	(34, 1769846402778, '2le0442doimm', 'key.limited', '1271rg4uvscp', '{"expires_at":"2026-01-31T08:00:32.778Z"}', '127.0.0.1', '0HNJ0JQUBIVN3:00000001'),
	(35, 1769846402778, '2le0442doimm', 'key.minted', 'hkcjy28ycphv', '{"key_name":"ops","parent":"2le0442doimm","lineage":"1271rg4uvscp","scopes":["mesh:read","steer","keys:mint"],"hash":"bpWvprldO/LDW5Z7WmIFCh2gFsL8b4nKw4HFgw/rdqU=","expires_at":"2026-02-01T08:00:02.778Z","incarnation":0,"generation":2,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUBIVN3:00000001'),
	(36, 1769846402789, '2le0442doimm', 'key.minted', '8fib8n2hc68i', '{"key_name":"short","parent":"2le0442doimm","scopes":["admin"],"hash":"oVqRN/YaukxhWp\u002Byy/34gxGhKd9qKNk2X2i7dDW1pFw=","expires_at":"2026-01-31T09:00:02.789Z","incarnation":0,"generation":1,"refresh_hash":"/zU8olYuJDWX2LT830MOz\u002BXyzgSogk3/wdkrS16Omvo=","refresh_expires_at":"2026-02-07T08:00:02.789Z"}', '127.0.0.1', '0HNJ0JQUBIVN4:00000001'),
	(37, 1769846402796, '2le0442doimm', 'key.minted', 'yua1ndnb2vwl', '{"key_name":"revoked","parent":"2le0442doimm","scopes":["admin"],"hash":"fldSqcxhMNBl7PnPx/y\u002B9JZF3cUDfy/XOxK4JzHX4f8=","expires_at":"2026-01-31T09:00:02.796Z","incarnation":0,"generation":1,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUBIVN5:00000001'),
	(38, 1769846402804, '2le0442doimm', 'key.revoked', 'yua1ndnb2vwl', '{"reason":"revoked"}', '127.0.0.1', '0HNJ0JQUBIVN6:00000001'),
	(39, 1769846402827, '2le0442doimm', 'key.minted', 'kh5ro0fl8vhl', '{"key_name":"exporter","parent":"2le0442doimm","scopes":["mesh:read"],"hash":"FvmW7lpjJHYH6MRf6k7JQ0VIY2KYL4fiu\u002BIUi9pS0aU=","expires_at":"2026-07-30T08:00:02.827Z","incarnation":0,"generation":1,"refresh_expires_at":null,"service":true}', '127.0.0.1', '0HNJ0JQUBIVN7:00000001'),
	(40, 1769846402830, '2le0442doimm', 'key.minted', 'cmnrnxaeydxn', '{"key_name":"w1","parent":"2le0442doimm","scopes":["agent:self"],"within":["agent:worker-1"],"hash":"Jwa\u002B7AixBxxcFHh5rh0Hyq1roiG9Zy0EfimGSewMxoA=","expires_at":null,"agent_id":"worker-1","incarnation":1,"generation":1,"refresh_expires_at":null}', '127.0.0.1', '0HNJ0JQUBIVN8:00000001'),
	(41, 1769846402838, '2le0442doimm', 'session.created', 'ddb931338670', '{"user":"ada","ttl":86400,"meta":{"k":"v","n":"\u0000"},"expires_at":"2026-02-01T08:00:02.838000Z"}', '127.0.0.1', '0HNJ0JQUBIVN9:00000001'),
	(42, 1769846402853, '2le0442doimm', 'session.created', '232c6f947f88', '{"user":"bob","ttl":60,"expires_at":"2026-01-31T08:01:02.853000Z"}', '127.0.0.1', '0HNJ0JQUBIVNA:00000001'),
	(43, 1769846402858, '2le0442doimm', 'session.expired', '232c6f947f88', '{"by_hand":true}', '127.0.0.1', '0HNJ0JQUBIVNB:00000001'),
	(44, 1769846402875, '2le0442doimm', 'claim.made', 'worker-1', '{"specialization":"ocr","ttl":3600}', '127.0.0.1', '0HNJ0JQUBIVNC:00000001'),
	(45, 1769846402900, '2le0442doimm', 'link.made', 'worker-1', '{"to":"worker-2","link_kind":"feeds","link_weight":3}', '127.0.0.1', '0HNJ0JQUBIVND:00000001'),
	(46, 1769846402924, '2le0442doimm', 'admin.requested', 'compact', '{}', '127.0.0.1', '0HNJ0JQUBIVNE:00000001'),
	(47, 1769846402960, '2le0442doimm', 'directive.issued', 'worker-1', '{"seq":8,"verb":"steer","direction":"down","expires_at":"2026-02-01T08:00:02.960Z"}', '127.0.0.1', '0HNJ0JQUBIVNF:00000001'),
	(48, 1769846402965, '2le0442doimm', 'admin.requested', 'check', '{}', '127.0.0.1', '0HNJ0JQUBIVNG:00000001');


--
-- Data for Name: claims; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.claims VALUES
	(44, 1, 'ocr', '2le0442doimm', '2le0442doimm', NULL, 3600, 1769846402875, 1769850002875);


--
-- Data for Name: directives; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.directives VALUES
	(9, 1, 1, 0, 0, 'north', 'first, and a 0', '{"n":1,"z":"\u0000"}', 3, '2le0442doimm', 1769846402452, 1769932802452, 0, 0, 1769846402484, 'went', NULL),
	(11, 1, 2, 9, 0, 'south', NULL, NULL, 4, '2le0442doimm', 1769846402492, 1769932802492, 0, 0, 1769846402496, 'no', NULL),
	(13, 1, 3, 11, 0, 'east', NULL, NULL, 2, '2le0442doimm', 1769846402498, 1769932802498, 0, 1769846402500, 0, NULL, NULL),
	(15, 1, 4, 13, 0, 'west', NULL, NULL, 0, '2le0442doimm', 1769846402503, 1769932802503, 0, 0, 0, NULL, NULL),
	(16, 1, 5, 15, 0, 'up', NULL, NULL, 6, '2le0442doimm', 1769846402505, 1769932802505, 0, 0, 1769846402571, NULL, NULL),
	(18, 2, 1, 0, 1, NULL, NULL, NULL, 0, '2le0442doimm', 1769846402577, 1769850002577, 0, 0, 0, NULL, NULL),
	(19, 2, 2, 18, 0, 'later', NULL, NULL, 0, '2le0442doimm', 1769846402579, 1769932802579, 0, 0, 0, NULL, NULL),
	(20, 1, 6, 16, 0, 'both', 'to many', NULL, 0, '2le0442doimm', 1769846402588, 1769932802588, 0, 0, 0, NULL, NULL),
	(21, 2, 3, 19, 0, 'both', 'to many', NULL, 0, '2le0442doimm', 1769846402588, 1769932802588, 0, 0, 0, NULL, NULL),
	(23, 1, 7, 20, 0, 'all', NULL, NULL, 0, '2le0442doimm', 1769846402601, 1769932802601, 0, 0, 0, NULL, 22),
	(24, 2, 4, 21, 0, 'all', NULL, NULL, 0, '2le0442doimm', 1769846402601, 1769932802601, 0, 0, 0, NULL, 22),
	(25, 2, 5, 24, 0, 'once', NULL, NULL, 0, '2le0442doimm', 1769846402615, 1769932802615, 0, 0, 0, NULL, NULL),
	(28, 4, 1, 0, 3, NULL, 'stuck', '{"grace":0,"force":true}', 0, '2le0442doimm', 1769846402676, 1769847302676, 0, 0, 0, NULL, NULL),
	(47, 1, 8, 23, 0, 'down', NULL, NULL, 0, '2le0442doimm', 1769846402960, 1769932802960, 0, 0, 0, NULL, NULL);


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
	(1, '2le0442doimm', 'root', '2le0442doimm', NULL, NULL, '["admin"]', NULL, 'G0YwNWpz9vGqfrRbo/ZI3vO4xhQKmiFfcLrMPoeGe+I=', 1769846401726, 0, 0, NULL, 0, 1, NULL, 0, 0, 0, false, 0, 0, NULL),
	(33, '1271rg4uvscp', 'ops', '1271rg4uvscp', '2le0442doimm', '1271rg4uvscp', '["keys:mint","mesh:read","steer"]', NULL, '4kqXFYOVE3IJU4J1OIyx8wGrk2COl6o2sE8vSZqxpuw=', 1769846402759, 1769846432778, 86400000, NULL, 0, 1, NULL, 0, 0, 0, false, 0, 0, NULL),
	(35, 'hkcjy28ycphv', 'ops', '1271rg4uvscp', '2le0442doimm', '1271rg4uvscp', '["keys:mint","mesh:read","steer"]', NULL, 'bpWvprldO/LDW5Z7WmIFCh2gFsL8b4nKw4HFgw/rdqU=', 1769846402778, 1769932802778, 86400000, NULL, 0, 2, NULL, 0, 0, 0, false, 0, 0, NULL),
	(36, '8fib8n2hc68i', 'short', '8fib8n2hc68i', '2le0442doimm', NULL, '["admin"]', NULL, 'oVqRN/YaukxhWp+yy/34gxGhKd9qKNk2X2i7dDW1pFw=', 1769846402789, 1769850002789, 3600000, NULL, 0, 1, '/zU8olYuJDWX2LT830MOz+XyzgSogk3/wdkrS16Omvo=', 1770451202789, 0, 0, false, 0, 0, NULL),
	(37, 'yua1ndnb2vwl', 'revoked', 'yua1ndnb2vwl', '2le0442doimm', NULL, '["admin"]', NULL, 'fldSqcxhMNBl7PnPx/y+9JZF3cUDfy/XOxK4JzHX4f8=', 1769846402796, 1769850002796, 3600000, NULL, 0, 1, NULL, 0, 0, 1769846402804, false, 0, 0, true),
	(39, 'kh5ro0fl8vhl', 'exporter', 'kh5ro0fl8vhl', '2le0442doimm', 'kh5ro0fl8vhl', '["mesh:read"]', NULL, 'FvmW7lpjJHYH6MRf6k7JQ0VIY2KYL4fiu+IUi9pS0aU=', 1769846402827, 1785398402827, 15552000000, NULL, 0, 1, NULL, 0, 0, 0, true, 0, 0, NULL),
	(40, 'cmnrnxaeydxn', 'w1', 'cmnrnxaeydxn', '2le0442doimm', 'cmnrnxaeydxn', '["agent:self"]', '["agent:worker-1"]', 'Jwa+7AixBxxcFHh5rh0Hyq1roiG9Zy0EfimGSewMxoA=', 1769846402830, 0, 0, 'worker-1', 1, 1, NULL, 0, 0, 0, false, 0, 0, NULL);


--
-- Data for Name: links; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.links VALUES
	(45, 1, 2, 'feeds', 3, NULL, 1769846402900);


--
-- Data for Name: mesh; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh VALUES
	(1, 1, 1, 46);


--
-- Data for Name: mesh_batches; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_batches VALUES
	(1, 1, 'b62d9b39-9407-e632-1cb5-a6edaf6a44a8', '00000000-0000-0000-0000-000000000000', 'first', 1),
	(2, 2, 'a999ed95-4152-10e4-0a21-4dcc1cca4df7', 'b62d9b39-9407-e632-1cb5-a6edaf6a44a8', 'first', 1),
	(3, 3, '3191122a-b1a3-a079-84e4-1141a078bef3', 'a999ed95-4152-10e4-0a21-4dcc1cca4df7', 'first', 1),
	(4, 4, 'db164aa1-1ef9-fb42-a887-6614a9bd602b', '3191122a-b1a3-a079-84e4-1141a078bef3', 'first', 1),
	(5, 5, '3a07c0c8-72ff-4ab6-cf70-997c886a3a52', 'db164aa1-1ef9-fb42-a887-6614a9bd602b', 'first', 1),
	(6, 6, '0e469a4c-38c6-b3a6-812e-01c113a15265', '3a07c0c8-72ff-4ab6-cf70-997c886a3a52', 'first', 1),
	(7, 7, 'd76b6e6c-9c82-d57b-b752-3b7321786dc2', '0e469a4c-38c6-b3a6-812e-01c113a15265', 'first', 1),
	(8, 8, '66e6c096-680a-4d86-1e61-39b7599fa0c1', 'd76b6e6c-9c82-d57b-b752-3b7321786dc2', 'first', 1),
	(9, 9, '50804c88-e445-a7fa-9c89-b1df7dabea1b', '66e6c096-680a-4d86-1e61-39b7599fa0c1', 'first', 1),
	(10, 10, '1ba0a95f-f06d-c649-caba-fc6f5d3c3a49', '50804c88-e445-a7fa-9c89-b1df7dabea1b', 'first', 1),
	(11, 11, '390837a9-9708-fbee-2815-55e9cc0989ff', '1ba0a95f-f06d-c649-caba-fc6f5d3c3a49', 'first', 1),
	(12, 12, '92bb206d-48c3-012b-97fa-ca6d4d6b18a7', '390837a9-9708-fbee-2815-55e9cc0989ff', 'first', 1),
	(13, 13, 'f59864a0-61c0-27bc-3a21-387a6a510f19', '92bb206d-48c3-012b-97fa-ca6d4d6b18a7', 'first', 1),
	(14, 14, '181a6348-7a44-7ffc-6fd4-600994cafe26', 'f59864a0-61c0-27bc-3a21-387a6a510f19', 'first', 1),
	(15, 15, '67193275-4a2c-8a6e-3b4a-b1c03ad8187e', '181a6348-7a44-7ffc-6fd4-600994cafe26', 'first', 1),
	(16, 16, 'cb6d5635-4413-72bb-abcc-7b8e16c90184', '67193275-4a2c-8a6e-3b4a-b1c03ad8187e', 'first', 1),
	(17, 17, '5edd18f0-20a7-12bf-3a17-03965453a008', 'cb6d5635-4413-72bb-abcc-7b8e16c90184', 'first', 1),
	(18, 18, '10800715-a65a-e256-f919-25d1545235e1', '5edd18f0-20a7-12bf-3a17-03965453a008', 'first', 1),
	(19, 19, '5b86f599-c1fa-5e92-850c-9ddabd96328c', '10800715-a65a-e256-f919-25d1545235e1', 'first', 1),
	(21, 20, '4b0fccfe-ed84-0ad0-fb0c-06ee9397f986', '5b86f599-c1fa-5e92-850c-9ddabd96328c', 'first', 1),
	(24, 22, '9c8fc6a3-3e04-7703-0be2-a8338b6d0b2c', '4b0fccfe-ed84-0ad0-fb0c-06ee9397f986', 'first', 1),
	(26, 25, 'a9bdfd90-1734-5d23-5d42-c5701d34dff8', '9c8fc6a3-3e04-7703-0be2-a8338b6d0b2c', 'first', 1),
	(27, 27, 'e921ba8f-0422-3e68-fd4b-a4dd64ce6d8d', 'a9bdfd90-1734-5d23-5d42-c5701d34dff8', 'first', 1),
	(29, 28, '22c4bfa8-e769-aa8d-4467-10c67ccb9a5f', 'e921ba8f-0422-3e68-fd4b-a4dd64ce6d8d', 'first', 1),
	(30, 30, '686e369c-8d73-52d2-071d-7ad973a48d03', '22c4bfa8-e769-aa8d-4467-10c67ccb9a5f', 'first', 1),
	(31, 31, 'ba1f5e34-5b3c-bd77-7910-0fa615e709b4', '686e369c-8d73-52d2-071d-7ad973a48d03', 'first', 1),
	(32, 32, '8817f19f-61a9-318c-2b2e-39ab517b4c59', 'ba1f5e34-5b3c-bd77-7910-0fa615e709b4', 'first', 1),
	(33, 33, '4fdbca81-b34c-739e-f0be-cff2fcca0d2c', '8817f19f-61a9-318c-2b2e-39ab517b4c59', 'first', 1),
	(35, 34, '3db6f9d5-6754-29cb-6b7c-480ca1ae816f', '4fdbca81-b34c-739e-f0be-cff2fcca0d2c', 'first', 1),
	(36, 36, '3a3948eb-ec3f-36d4-1e45-cc18708de573', '3db6f9d5-6754-29cb-6b7c-480ca1ae816f', 'first', 1),
	(37, 37, 'dcaf8a4e-975b-7ae8-803c-6837a2f05a76', '3a3948eb-ec3f-36d4-1e45-cc18708de573', 'first', 1),
	(38, 38, '0d3767a8-d4fa-87ea-aae0-e444c476c6f8', 'dcaf8a4e-975b-7ae8-803c-6837a2f05a76', 'first', 1),
	(39, 39, 'd382bb69-2118-59a6-a710-fc113a193148', '0d3767a8-d4fa-87ea-aae0-e444c476c6f8', 'first', 1),
	(40, 40, '56c6d641-dea2-8dd5-5c25-efcb5b079e8a', 'd382bb69-2118-59a6-a710-fc113a193148', 'first', 1),
	(41, 41, 'a768891a-d6ad-6209-a20e-3455d4772362', '56c6d641-dea2-8dd5-5c25-efcb5b079e8a', 'first', 1),
	(42, 42, 'a176316c-af0c-1317-5be7-c2dc52ce630e', 'a768891a-d6ad-6209-a20e-3455d4772362', 'first', 1),
	(43, 43, '2565e3b1-067d-1bf6-8628-29707b9840bc', 'a176316c-af0c-1317-5be7-c2dc52ce630e', 'first', 1),
	(44, 44, 'f7f6fd78-1439-f49e-5403-fa0208c7b812', '2565e3b1-067d-1bf6-8628-29707b9840bc', 'first', 1),
	(45, 45, 'd335a482-5353-5f01-f0aa-5e18ae0c05e9', 'f7f6fd78-1439-f49e-5403-fa0208c7b812', 'first', 1),
	(46, 46, '0332464a-fe8d-2d2c-9720-e443cac91921', 'd335a482-5353-5f01-f0aa-5e18ae0c05e9', 'first', 1),
	(47, 47, '219dfa4d-cb01-4bd6-73df-474b5cdeca3e', '0332464a-fe8d-2d2c-9720-e443cac91921', 'first', 1),
	(48, 48, 'ac4249c8-7406-db7a-f7ef-c8a5c63dfbef', '219dfa4d-cb01-4bd6-73df-474b5cdeca3e', 'first', 1);


--
-- Data for Name: mesh_head; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_head VALUES
	(1, 48, 'ac4249c8-7406-db7a-f7ef-c8a5c63dfbef', 1);


--
-- Data for Name: mesh_nodes; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.mesh_nodes VALUES
	('first', 'ff13f004-d290-6ef0-9fc1-fcc99101e080', 1, '0.1.0', 1, NULL);


--
-- Data for Name: messages; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.messages VALUES
	(22, 'mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm', NULL);


--
-- Data for Name: receipts; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.receipts VALUES
	(26, 'd135594e7fb0b7dc11e91e98f8273edc', '139b5f244760c5b33ddbcde568658436', 1769846402615, 200, '{"directive_id":"d-25","agent_id":"worker-2","seq":5,"verb":"steer","direction":"once","message":null,"data":null,"state":"queued","issued_by":"2le0442doimm","issued_at":"2026-01-31T08:00:02.615Z","expires_at":"2026-02-01T08:00:02.615Z","delivered_at":null,"accepted_at":null,"acknowledged_at":null,"ended_at":null,"note":null}', NULL, '2le0442doimm', 327, NULL);


--
-- Data for Name: sessions; Type: TABLE DATA; Schema: session_mesh; Owner: -
--

INSERT INTO session_mesh.sessions VALUES
	(41, 'ddb931338670', 'ada', false, 86400, '{"k":"v","n":"\u0000"}', 1769846402838000, 1769846402838000, 1769932802838000, 0, 41),
	(42, '232c6f947f88', 'bob', true, 60, '{}', 1769846402853000, 1769846402853000, 1769846462853000, 1769846402858000, 43);


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


