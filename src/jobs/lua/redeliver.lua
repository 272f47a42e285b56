-- redeliver: by hand; the same id, the attempts appended, the schedule from its start.
-- {id, token}

if not status then return refuse('gone') end
if redis.call('HGET', delivery, 'redeliveredBy') == a.token then return done() end
if status == 'pending' then return refuse('delivery-pending') end
set('redeliveredBy', a.token, 'tried', '0', 'lost', '0')
move('pending')
openRound()
return done()
