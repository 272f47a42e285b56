-- attempted: keeps an attempt, and what comes of it. If it was the first, made straight from the outbox, the entry there
-- has done its part; or it has its time from now on to be followed by BullMQ's job for the next attempt.
-- {id, round, token, attempt: JSON text, verdict: 'delivered' | 'failed' | 'retry', delayMs?}

if not status then return refuse('gone') end
if redis.call('HGET', delivery, 'attemptedBy') == a.token then return done() end
if status ~= 'pending' then return refuse(status) end
if a.round ~= round then return refuse('stale') end

redis.call('RPUSH', delivery .. ':attempts', a.attempt)
local tried = int(number('tried') + 1)
local entry = 'delivery:' .. id .. ':' .. int(round)
if a.verdict == 'retry' then
  redis.call('ZADD', PREFIX .. ':outbox', 'XX', now, entry)
  set('attemptedBy', a.token, 'tried', tried, 'nextAttemptAt', int(now + a.delayMs))
else
  redis.call('ZREM', PREFIX .. ':outbox', entry)
  redis.call('HDEL', delivery, 'nextAttemptAt')
  move(a.verdict, 'attemptedBy', a.token, 'tried', tried)
end
return done()
