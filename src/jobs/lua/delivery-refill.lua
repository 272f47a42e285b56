-- refill: the reconciler found an open delivery of which BullMQ knows nothing, and nothing that would tell it. Three
-- times it gets a new round; then it is failed, for all to see.
-- KEYS[2..4] are BullMQ's job of this round, and the sets of its queue's completed and failed jobs.
-- {id, round, job: the BullMQ job's id}

if status ~= 'pending' or a.round ~= round then return refuse('stale') end
if redis.call('ZSCORE', PREFIX .. ':outbox', 'delivery:' .. id .. ':' .. int(round)) then return refuse('queued') end
if redis.call('EXISTS', KEYS[2]) == 1 and not redis.call('ZSCORE', KEYS[3], a.job) and not redis.call('ZSCORE', KEYS[4], a.job) then
  return refuse('queued')
end
local lost = number('lost') + 1
set('lost', int(lost))
if lost > 3 then
  redis.call('HDEL', delivery, 'nextAttemptAt')
  move('failed')
else
  openRound()
end
return done({ ok = true, refilled = true })
