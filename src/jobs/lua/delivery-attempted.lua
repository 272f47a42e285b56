-- attempted: keeps an attempt, and what comes of it. If it was the first, made straight from the outbox, the entry there
-- has done its part; or it has its time from now on to be followed by BullMQ's job for the next attempt.
-- An endpoint that has gone, or has failed for too long, is disabled with it.
-- KEYS[2] the slots of the origin that it was made at, in which its token is; none for what was not sent.
-- {id, round, token, attempt: JSON text, verdict: 'delivered' | 'failed' | 'retry', delayMs?,
-- endpoint?: {url: where it was sent, gone: whether it wants no more, failsAtMost: milliseconds}}

if KEYS[2] then redis.call('ZREM', KEYS[2], a.token) end
if not status then return refuse('gone') end
if redis.call('HGET', delivery, 'attemptedBy') == a.token then return done() end
if status ~= 'pending' then return refuse(status) end
if a.round ~= round then return refuse('stale') end

-- First of all writes: a Redis that is out of memory refuses any other, and what was delivered would be sent again.
redis.call('HDEL', delivery, 'nextAttemptAt')
redis.call('RPUSH', delivery .. ':attempts', a.attempt)
tally(now, a.verdict == 'delivered' and 'delivered' or 'attemptsFailed', 1)
local tried = int(number('tried') + 1)
local entry = 'delivery:' .. id .. ':' .. int(round)
if a.verdict == 'retry' then
  redis.call('ZADD', PREFIX .. ':outbox', 'XX', now, entry)
  set('attemptedBy', a.token, 'tried', tried, 'nextAttemptAt', int(now + a.delayMs))
else
  redis.call('ZREM', PREFIX .. ':outbox', entry)
  move(a.verdict, 'attemptedBy', a.token, 'tried', tried)
end

if not a.endpoint then return done() end
set('url', a.endpoint.url)
local webhook = PREFIX .. ':webhook:' .. redis.call('HGET', delivery, 'webhookId')
-- Nothing where the endpoint is gone, or has another URL by now, of which this attempt says nothing.
if redis.call('HGET', webhook, 'url') ~= a.endpoint.url then return done() end
if a.verdict == 'delivered' then
  redis.call('HDEL', webhook, 'failingSince')
  return done()
end
redis.call('HSETNX', webhook, 'failingSince', int(now))
local reason
if a.endpoint.gone then
  reason = 'Its receiver answered 410: it wants no more.'
elseif now - tonumber(redis.call('HGET', webhook, 'failingSince')) >= a.endpoint.failsAtMost then
  reason = 'For 5 days every attempt has failed.'
end
if reason and redis.call('HGET', webhook, 'enabled') == '1' then
  disable(webhook, reason)
  audit({ actor = 'service' }, 'webhook.disabled', redis.call('HGET', webhook, 'id'), cjson.encode({ reason = reason }))
  return done({ ok = true, disabled = reason })
end
return done()
