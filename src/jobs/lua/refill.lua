-- refill: the reconciler found a submitted job of which BullMQ knows nothing any more, and nothing that would tell it.
-- KEYS[2..4] are BullMQ's `process` job of this flow, and the sets of its queue's completed and failed jobs.
-- {id, flow, job: the BullMQ job's id}

if not status or status == 'draft' or FINAL[status] or a.flow ~= flow then return refuse('stale') end
if redis.call('ZSCORE', PREFIX .. ':outbox', 'flow:' .. id .. ':' .. int(flow)) then return refuse('queued') end
if redis.call('EXISTS', KEYS[2]) == 1 and not redis.call('ZSCORE', KEYS[3], a.job) and not redis.call('ZSCORE', KEYS[4], a.job) then
  return refuse('queued')
end
return done({ ok = true, refilled = true, delivery = refill() })
