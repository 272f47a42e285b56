-- What every transition of a delivery begins with. KEYS[1] is the delivery; ARGV[1] a JSON object with its `id`.

local PREFIX = '{sluice}'
local a = cjson.decode(ARGV[1])
local delivery = KEYS[1]
local id = a.id
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local head = redis.call('HMGET', delivery, 'status', 'round')
local status, round = head[1], tonumber(head[2])

local function int(n) return string.format('%.0f', n) end
local function number(field) return tonumber(redis.call('HGET', delivery, field) or 0) end
local function set(...) redis.call('HSET', delivery, ...) end
local function done(answer) return cjson.encode(answer or { ok = true }) end
local function refuse(code) return cjson.encode({ refused = code }) end

-- Changes the status, with it the delivery's place in the index, and what else changes with it.
local function move(to, ...)
  redis.call('ZREM', PREFIX .. ':deliveries:' .. status, id)
  redis.call('ZADD', PREFIX .. ':deliveries:' .. to, redis.call('HGET', delivery, 'createdAt'), id)
  set('status', to, ...)
  status = to
end

-- A new round of attempts: a BullMQ job id of its own, since one that failed and is kept makes adding it again a no-op.
local function openRound()
  round = round + 1
  set('round', int(round), 'nextAttemptAt', int(now))
  redis.call('ZADD', PREFIX .. ':outbox', now, 'delivery:' .. id .. ':' .. int(round))
end
