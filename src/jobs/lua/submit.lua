-- submit: ends the draft; the flow is to be added. Repeating it changes nothing.
-- {id, idempotency?, by?}

if not status then return refuse('gone') end
if keyLost() then return refuse('key-lost') end
if status == 'cancelled' then return refuse('job-final') end
if status ~= 'draft' then
  keepAnswer({})
  return done()
end
if redis.call('ZCOUNT', record .. ':leases', '(' .. int(now), '+inf') > 0 then return refuse('uploads-in-progress') end
if #fileIds() == 0 then return refuse('no-files') end

submit()
audit(a.by, 'job.submitted', id)
keepAnswer({})
return done()
