-- redeliver: by hand; the same id, the attempts appended, the schedule from its start.
-- {id, token, by?}

if not status then return refuse('gone') end
if redis.call('HGET', delivery, 'redeliveredBy') == a.token then return done() end
if status == 'pending' then return refuse('delivery-pending') end
set('redeliveredBy', a.token, 'tried', '0', 'lost', '0')
move('pending')
openRound()
audit(a.by, 'delivery.redelivered', id, cjson.encode({ jobId = redis.call('HGET', delivery, 'jobId') }))
return done()
