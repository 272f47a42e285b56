-- cancel: ends the job from any state that is not final, at once. Its queued jobs run through without effect.
-- {id, by?}

if not status then return refuse('gone') end
if status == 'cancelled' then return done() end
if FINAL[status] then return refuse('job-final') end
local delivery = finish('cancelled')
audit(a.by, 'job.cancelled', id)
redis.call('PUBLISH', PREFIX .. ':cancelled', id)
return done({ ok = true, delivery = delivery })
