-- attempted: keeps an attempt, and what comes of it.
-- {id, round, token, attempt: JSON text, verdict: 'delivered' | 'failed' | 'retry', delayMs?}

if not status then return refuse('gone') end
if redis.call('HGET', delivery, 'attemptedBy') == a.token then return done() end
if status ~= 'pending' then return refuse(status) end
if a.round ~= round then return refuse('stale') end

redis.call('RPUSH', delivery .. ':attempts', a.attempt)
set('attemptedBy', a.token, 'tried', int(number('tried') + 1))
if a.verdict == 'retry' then
  set('nextAttemptAt', int(now + a.delayMs))
else
  redis.call('HDEL', delivery, 'nextAttemptAt')
  move(a.verdict)
end
return done()
