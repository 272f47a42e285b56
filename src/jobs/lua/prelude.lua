-- What every transition of a job begins with: its arguments, the record's fences, and the few things that transitions
-- do to a record. A transition first checks and then changes; one that does not fit is refused and changes nothing.
--
-- KEYS[1] is the record; all other keys share its hash tag and are reached from it. ARGV[1] is a JSON object.
-- Times are Redis's own, in milliseconds. Numbers that become part of a text go through `int`: Lua would write them
-- as 1.7e+12. What wants the time as a text is given `moment`: to write a number takes Lua as long as a command.

local PREFIX = '{sluice}'
local FINAL = { completed = true, failed = true, cancelled = true }
-- Up to a thousand a run: endpoints cannot ask for these.
local TOO_MANY = { ['stage.progress'] = true, ['job.log'] = true }

local a = cjson.decode(ARGV[1])
local record = KEYS[1]
local id = a.id
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local moment = string.format('%.0f', now)

local head = redis.call('HMGET', record, 'status', 'run', 'flow', 'owner', 'createdAt')
local status, run, flow, owner, createdAt = head[1], tonumber(head[2]), tonumber(head[3]), head[4], head[5]

local function int(n) return string.format('%.0f', n) end
local function get(field) return redis.call('HGET', record, field) end
local function number(field) return tonumber(get(field) or 0) end
local function set(...) redis.call('HSET', record, ...) end
local function refuse(code) return cjson.encode({ refused = code }) end

-- Notes that something has to be put into BullMQ. Whoever caused it does so at once; the sweeper does it otherwise.
local function enqueue(entry) redis.call('ZADD', PREFIX .. ':outbox', moment, entry) end

-- What is to be sent, for who sends it.
local function due(d, createdAt)
  return { id = d.id, type = d.type, round = 1, url = d.url, webhookId = d.webhookId or cjson.null, createdAt = createdAt, tried = 0 }
end

-- Freezes the job as it is now into a delivery; answers what is to be sent.
-- `d`: {id, type, url, owner, webhookId?, event?: the event as JSON text}
local function freeze(d)
  local key = PREFIX .. ':delivery:' .. d.id
  redis.call('COPY', record, key .. ':record', 'REPLACE')
  redis.call('HSET', key, 'id', d.id, 'jobId', id, 'owner', d.owner, 'url', d.url, 'type', d.type, 'status', 'pending',
    'round', '1', 'tried', '0', 'createdAt', moment, 'nextAttemptAt', moment)
  if d.webhookId then
    redis.call('HSET', key, 'webhookId', d.webhookId, 'event', d.event)
    redis.call('ZADD', PREFIX .. ':webhook:' .. d.webhookId .. ':deliveries', moment, d.id)
  end
  redis.call('ZADD', PREFIX .. ':deliveries', moment, d.id)
  redis.call('ZADD', PREFIX .. ':deliveries:pending', moment, d.id)
  redis.call('ZADD', record .. ':deliveries', moment, d.id)
  enqueue('delivery:' .. d.id .. ':1')
  return due(d, now)
end

-- What endpoints are to be told of this transition. It is frozen when the transition has done all that it does: in its
-- middle a record may not yet hold what an event tells of.
local asked = {}
local function done(answer)
  answer = answer or { ok = true }
  if #asked > 0 then
    answer.deliveries = {}
    for index, each in ipairs(asked) do answer.deliveries[index] = freeze(each) end
  end
  return cjson.encode(answer)
end
-- The record as it is now, as one text; see record.ts.
local function wholeRecord() return table.concat(redis.call('HGETALL', record), '\0') end
-- An answer with the record, for who would read it next.
local function answerRecord() return { done(), wholeRecord() } end

local anyEndpoints
-- An event has an id of its own, and so has each endpoint's delivery of it, by which both are told.
local function tellEndpoints(at, run, type, data)
  if TOO_MANY[type] then return end
  if anyEndpoints == nil then anyEndpoints = redis.call('EXISTS', PREFIX .. ':webhooks') == 1 end
  if not anyEndpoints then return end
  for _, webhook in ipairs(redis.call('SMEMBERS', PREFIX .. ':webhooks:on:' .. type)) do
    table.insert(asked, { id = 'msg_' .. at .. '_' .. webhook, type = type, owner = owner, webhookId = webhook,
      url = redis.call('HGET', PREFIX .. ':webhook:' .. webhook, 'url'),
      event = '{"id":"' .. at .. '","run":' .. run .. ',"data":' .. data .. '}' })
  end
end

-- Appends an event to the global stream and, with that same id, to the job's own log. `data` is JSON text.
local function emit(type, data)
  local run = int(run)
  local at = redis.call('XADD', PREFIX .. ':events', 'MAXLEN', '~', '10000', '*',
    'job', id, 'owner', owner, 'run', run, 'type', type, 'data', data)
  redis.call('XADD', record .. ':log', at, 'run', run, 'type', type, 'data', data)
  tellEndpoints(at, run, type, data)
end

-- Changes the status, and with it the job's place in the index.
local function move(to)
  if status then redis.call('ZREM', PREFIX .. ':jobs:' .. status, id) end
  redis.call('ZADD', PREFIX .. ':jobs:' .. to, createdAt, id)
  if status == 'draft' then redis.call('ZREM', PREFIX .. ':drafts', id) end
  set('status', to)
  status = to
end

local function enqueueFlow()
  set('flow', int(flow), 'flowAt', moment)
  enqueue('flow:' .. id .. ':' .. int(flow))
end

local function fileIds()
  local text = get('fileIds')
  return (text and text ~= '') and cjson.decode(text) or {}
end

-- The number of files, and of those that are attached.
local function attachedFiles()
  local ids, attached = fileIds(), 0
  for _, file in ipairs(ids) do
    if get('file:' .. file .. ':status') == 'attached' then attached = attached + 1 end
  end
  return #ids, attached
end

-- The whole job's percent: the stages' percents by weight. It never goes back within a run, since theirs do not.
local function overall()
  local total, reached = 0, 0
  for index, stage in ipairs(cjson.decode(get('stages'))) do
    total = total + stage.weight
    reached = reached + stage.weight * number('stage:' .. index .. ':percent')
  end
  local percent = total > 0 and math.floor(reached / total) or 0
  set('percent', int(percent))
  return percent
end

-- A running stage's new percent; answers what it now shows.
local function reach(index, percent)
  local field = 'stage:' .. int(index) .. ':percent'
  local reached = math.max(number(field), math.min(100, math.max(0, math.floor(percent))))
  set(field, int(reached))
  return reached
end

-- Puts the running stage, if there is one, into another status.
local function leaveStage(to)
  local index = number('stageIndex')
  if index > 0 and get('stage:' .. int(index) .. ':status') == 'running' then
    set('stage:' .. int(index) .. ':status', to)
  end
end

-- Fences a worker out that no longer holds the job, and tells a transition that is run twice: each start has a token
-- of its own, and what comes under it is numbered. Nil for who may go on.
local function fenced()
  if not status then return 'gone' end
  if get('token') ~= a.token then return FINAL[status] and status or 'stale' end
  if a.seq then
    if a.seq <= number('seq') then return 'repeated' end
    set('seq', int(a.seq))
  end
end

local function begin(stage, index)
  set('stage', stage, 'stageIndex', int(index), 'stage:' .. int(index) .. ':status', 'running')
  emit('stage.started', '{"stage":' .. cjson.encode(stage) .. ',"overall":' .. int(overall()) .. '}')
end

-- Publishes what a stage left. `c`: {stage, index, durationMs, output: JSON text, names}
local function checkpoint(c)
  local index = int(c.index)
  set('output:' .. index, c.output, 'stage:' .. index .. ':status', 'completed', 'losses', '0')
  reach(c.index, 100)
  tallyDuration(now, 'stage:' .. c.stage, c.durationMs)
  emit('stage.completed', '{"stage":' .. cjson.encode(c.stage) .. ',"overall":' .. int(overall())
    .. ',"durationMs":' .. int(c.durationMs) .. ',"artifacts":' .. c.names .. '}')
end

local function deliveryId() return 'msg_' .. id .. '_r' .. int(run) end

-- The delivery for the job's callback URL, if it has one; answers what is to be sent.
local function deliver(type)
  local url = get('callbackUrl')
  if not url or url == '' then return nil end
  return freeze({ id = deliveryId(), type = type, url = url, owner = owner })
end

-- The same answer, for who ended the run and did not hear it; nil where others have made its first attempt meanwhile.
local function delivered()
  local key = PREFIX .. ':delivery:' .. deliveryId()
  local frozen = redis.call('HMGET', key, 'type', 'url', 'createdAt', 'status', 'round', 'tried')
  if frozen[4] ~= 'pending' or frozen[5] ~= '1' or frozen[6] ~= '0' then return nil end
  return due({ id = deliveryId(), type = frozen[1], url = frozen[2] }, tonumber(frozen[3]))
end

-- How a job ends, wherever it ends: outcome, times, the final event and the delivery, in one. `field` and `json` are
-- the `result` or the `error`, as JSON text.
local function finish(outcome, field, json)
  local callsBack = status ~= 'draft'
  leaveStage(outcome == 'failed' and 'failed' or 'pending')
  redis.call('HDEL', record, 'token', 'attemptOpen')
  set('finishedAt', moment)
  if field then set(field, json) end
  move(outcome)
  redis.call('ZADD', PREFIX .. ':finished', moment, id)
  tally(now, outcome, 1)
  emit('job.' .. outcome, '{"status":"' .. outcome .. '"' .. (field and (',"' .. field .. '":' .. json) or '') .. '}')
  return callsBack and deliver('job.' .. outcome) or nil
end

-- `cause`: {code, message, stage?, fileId?}
local function fail(cause)
  cause.attempts = number('attempt')
  tally(now, 'error:' .. cause.code, 1)
  return finish('failed', 'error', cjson.encode(cause))
end

-- Somebody emptied a queue: a new flow takes the lost one's place, three times in a run; the fourth ends the job.
local function refill()
  local lost = number('flowsLost') + 1
  if lost > 3 then
    return fail({ code = 'job-lost',
      message = 'The jobs of this upload were deleted from the queue again and again. Retry it once the queue is left alone.' })
  end
  flow = flow + 1
  set('flowsLost', int(lost))
  enqueueFlow()
end
