-- attemptFailed: ends an attempt, and by itself decides whether it was the run's last.
-- {id, token, incurable, error: {code, message, stage?, fileId?}}

if not status then return refuse('gone') end
-- A completed job may still tell how another attempt ended.
if status ~= 'completed' and get('endedBy') == a.token and get('endedAnswer') then
  local before = cjson.decode(get('endedAnswer'))
  before.delivery = before.final and delivered() or nil
  return cjson.encode(before)
end
local fence = fenced()
if fence then return refuse(fence) end

local attempt = number('attempt')
local answer
if a.incurable or attempt >= number('maxAttempts') then
  answer = { final = true, delivery = fail(a.error) }
else
  -- A back-off of 1 s, doubling, up to an hour.
  local delayMs = math.min(3600000, 1000 * 2 ^ (attempt - 1))
  leaveStage('pending')
  redis.call('HDEL', record, 'token', 'attemptOpen')
  move('pending')
  a.error.attempts = attempt
  emit('job.retrying', cjson.encode({ status = 'pending', reason = 'failed', attempt = attempt, error = a.error, delayMs = delayMs }))
  answer = { final = false, delayMs = delayMs }
end
-- Without the deliveries to endpoints, which the outbox has: frozen once, into records that do not name each other.
set('endedBy', a.token, 'endedAnswer', cjson.encode(answer))
return done(answer)
