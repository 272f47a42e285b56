-- claim: gives an attempt one of the slots that its origin has over all workers, with what is to be sent; or, where none
-- is free, a place in the line. Who holds a slot gives it back by `attempted`; the slot of who has died comes free by
-- itself.
-- KEYS[2] the origin's slots, token → end; KEYS[3] its line.
-- {id, token, most: how many may be taken before it, held: milliseconds, pace: how long an attempt there has lately taken,
-- in milliseconds, full?: whether it only lines up, since its process has no place}

if not status then return { 'gone' } end
local slots, line = KEYS[2], KEYS[3]

local free = redis.call('ZCARD', slots) < a.most
if not free then
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
  free = redis.call('ZCARD', slots) < a.most or redis.call('ZSCORE', slots, a.token)
end

if a.full or not free then
  -- In microseconds: within a millisecond those with the smaller id would come first.
  redis.call('ZADD', line, 'NX', clock[1] * 1000000 + clock[2], id)
  -- What waits comes by sooner than this; the rest was given up.
  redis.call('PEXPIRE', line, 120000)
  -- About when those before it will have been served, by as many as are under way now: a long line costs few turns
  -- through the queue.
  local delay = math.floor(redis.call('ZRANK', line, id) / math.max(1, redis.call('ZCARD', slots)) * a.pace)
  return { 'busy', math.max(1000, math.min(delay, 30000)) }
end

redis.call('ZADD', slots, now + a.held, a.token)
redis.call('PEXPIRE', slots, a.held)
redis.call('ZREM', line, id)
local frozen = table.concat(redis.call('HGETALL', delivery .. ':record'), '\0')
return { 'taken', frozen, redis.call('HGET', delivery, 'event') }
