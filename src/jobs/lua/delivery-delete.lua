-- delete: removes a delivery that is not open any more and was made before a time.
-- {id, olderThan: milliseconds}

if not status then return done() end
if status == 'pending' or number('createdAt') > now - a.olderThan then return refuse('kept') end
redis.call('ZREM', PREFIX .. ':deliveries', id)
redis.call('ZREM', PREFIX .. ':deliveries:' .. status, id)
redis.call('ZREM', PREFIX .. ':job:' .. redis.call('HGET', delivery, 'jobId') .. ':deliveries', id)
local webhook = redis.call('HGET', delivery, 'webhookId')
if webhook then redis.call('ZREM', PREFIX .. ':webhook:' .. webhook .. ':deliveries', id) end
redis.call('DEL', delivery, delivery .. ':record', delivery .. ':attempts')
return done()
