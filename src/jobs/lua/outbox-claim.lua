-- Claims entries of the outbox that have waited long enough, so that one sweeper at a time puts them into BullMQ:
-- moves their time on, and drops those of which nothing is wanted any more.
-- KEYS[1] the outbox. ARGV: how long an entry waits (ms), how many at most.

local PREFIX = '{sluice}'
local FINAL = { completed = true, failed = true, cancelled = true }
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local claimed = {}
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1], 'LIMIT', 0, ARGV[2])) do
  local kind, id, number = string.match(entry, '^(%a+):([^:]+):(%d+)$')
  local wanted = false
  if kind == 'flow' then
    local job = redis.call('HMGET', PREFIX .. ':job:' .. id, 'status', 'flow')
    wanted = job[1] and not FINAL[job[1]] and job[2] == number
  elseif kind == 'delivery' then
    local delivery = redis.call('HMGET', PREFIX .. ':delivery:' .. id, 'status', 'round')
    wanted = delivery[1] == 'pending' and delivery[2] == number
  end
  if wanted then
    redis.call('ZADD', KEYS[1], now, entry)
    table.insert(claimed, entry)
  else
    redis.call('ZREM', KEYS[1], entry)
  end
end
return claimed
