-- handOver: a worker that shuts down gives the job back; the attempt goes on elsewhere and is not charged again.
-- {id, token}

if not status then return refuse('gone') end
if get('endedBy') == a.token then return done() end
local fence = fenced()
if fence then return refuse(fence) end
leaveStage('pending')
redis.call('HDEL', record, 'token', 'endedAnswer')
move('pending')
set('endedBy', a.token)
emit('job.retrying', '{"status":"pending","reason":"hand-over","attempt":' .. int(number('attempt')) .. '}')
return done()
