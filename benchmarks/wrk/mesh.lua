-- One script for every measurement, so that a ratio compares servers and not scripts: each request draws a random agent
-- and builds a body, whatever it then sends. (Batches are built beforehand: a body of 3,000 ids costs more to make than to serve.)
-- Arguments after --: MODE AGENTS. The key comes from SESSION_API_KEY: argument lists are public.
local mode, agents
local batches = {}
local thread_count = 0
local threads = {}

function setup(thread)
  thread:set("thread_id", thread_count)
  thread_count = thread_count + 1
  table.insert(threads, thread)
end

function init(args)
  mode, agents = args[1], tonumber(args[2])
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("SESSION_API_KEY")
  wrk.headers["Content-Type"] = "application/json"
  math.randomseed(os.time() * 16 + thread_id)
  bad = 0
  if mode == "heartbeats" then
    for batch = 1, 20 do
      local ids = {}
      for i = 1, 3000 do ids[i] = '"agent-' .. math.random(0, agents - 1) .. '"' end
      batches[batch] = wrk.format("POST", "/api/session-mesh/heartbeats", nil, '{"agents":[' .. table.concat(ids, ",") .. ']}')
    end
  end
end

function request()
  local agent = "agent-" .. math.random(0, agents - 1)
  local path = "/api/session-mesh/agents/" .. agent .. "/heartbeat"
  local body = '{"activity":"working","load":0.' .. math.random(10, 99) .. ',"progress":' .. math.random(1, 1000) .. '}'
  if mode == "bare" then
    return wrk.format("GET", "/livez")
  elseif mode == "heartbeat" then
    return wrk.format("POST", path, nil, body)
  elseif mode == "steer" then
    return wrk.format("POST", "/api/session-mesh/steer", nil, '{"agent_id":"' .. agent .. '","direction":"north-' .. math.random(10, 99) .. '"}')
  elseif mode == "steers" then
    local some = {}
    for i = 1, 100 do some[i] = '{"agent_id":"agent-' .. math.random(0, agents - 1) .. '","direction":"north-' .. math.random(10, 99) .. '"}' end
    return wrk.format("POST", "/api/session-mesh/steers", nil, '{"steers":[' .. table.concat(some, ",") .. ']}')
  elseif mode == "alive" then
    return wrk.format("GET", "/api/session-mesh/alive?limit=50&specialization=spec-" .. math.random(0, 15))
  elseif mode == "alive-fields" then
    return wrk.format("GET", "/api/session-mesh/alive?limit=50&fields=agent_id,status,load&specialization=spec-" .. math.random(0, 15))
  elseif mode == "session-create" then
    return wrk.format("POST", "/api/session-mesh/sessions", nil, '{"user":"user-' .. math.random(0, 99) .. '","ttl":3600,"meta":{"theme":"dark"}}')
  elseif mode == "session-set" then
    return wrk.format("PATCH", "/api/session-mesh/sessions/session-" .. math.random(0, agents - 1), nil, '{"meta":{"theme":"t' .. math.random(10, 99) .. '"}}')
  elseif mode == "session-get" then
    return wrk.format("GET", "/api/session-mesh/sessions/session-" .. math.random(0, agents - 1))
  elseif mode == "heartbeats" then
    return batches[math.random(#batches)]
  end
end

function response(status, _, _)
  if status >= 300 then
    bad = bad + 1
  end
end

function done(summary, latency, _)
  local refused = 0
  for _, thread in ipairs(threads) do refused = refused + thread:get("bad") end
  io.write(string.format("RESULT %s %d %d %d %d %d\n", "rps,p50us,p99us,refused,errors",
    summary.requests * 1e6 / summary.duration, latency:percentile(50), latency:percentile(99), refused,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
