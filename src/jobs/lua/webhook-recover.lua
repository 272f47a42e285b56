-- recover: opens failed deliveries of an endpoint again that were made since a time; a slice of them, so that nobody waits
-- for long. The outbox has them; answers how many it looked at, and what there is to enqueue.
-- KEYS[1] the endpoint's deliveries. {id, since: ms, sinceText, offset, most, token, by?}

local PREFIX = '{sluice}'
local a = cjson.decode(ARGV[1])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function int(n) return string.format('%.0f', n) end

local looked = redis.call('ZRANGEBYSCORE', KEYS[1], int(a.since), '+inf', 'LIMIT', a.offset, a.most)
local opened, repeated = {}, false
for _, id in ipairs(looked) do
  local delivery = PREFIX .. ':delivery:' .. id
  local head = redis.call('HMGET', delivery, 'status', 'round', 'createdAt', 'type', 'redeliveredBy')
  local status, round = head[1], tonumber(head[2])
  -- A script that is sent twice answers what it has opened.
  if status == 'pending' and head[5] == a.token then
    repeated = true
    table.insert(opened, { id = id, type = head[4], round = round })
  elseif status == 'failed' then
    round = round + 1
    redis.call('ZREM', PREFIX .. ':deliveries:failed', id)
    redis.call('ZADD', PREFIX .. ':deliveries:pending', head[3], id)
    redis.call('HSET', delivery, 'status', 'pending', 'round', int(round), 'nextAttemptAt', int(now), 'tried', '0',
      'lost', '0', 'redeliveredBy', a.token)
    redis.call('ZADD', PREFIX .. ':outbox', now, 'delivery:' .. id .. ':' .. int(round))
    table.insert(opened, { id = id, type = head[4], round = round })
  end
end
if (#opened > 0 or a.offset == 0) and not repeated then
  audit(a.by, 'webhook.recovered', a.id, cjson.encode({ since = a.sinceText, deliveries = #opened }))
end
return cjson.encode({ looked = #looked, opened = #opened > 0 and opened or nil })
