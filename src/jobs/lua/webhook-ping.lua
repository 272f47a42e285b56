-- ping: a delivery to an endpoint that tells of no job. It is sent to one that is disabled, too.
-- KEYS[1] is the delivery. {id, webhookId, url, by?}

if status then return done() end
redis.call('HSET', delivery, 'id', id, 'jobId', '', 'owner', '', 'url', a.url, 'type', 'ping', 'status', 'pending',
  'round', '1', 'tried', '0', 'createdAt', int(now), 'nextAttemptAt', int(now), 'webhookId', a.webhookId)
redis.call('ZADD', PREFIX .. ':deliveries', now, id)
redis.call('ZADD', PREFIX .. ':deliveries:pending', now, id)
redis.call('ZADD', PREFIX .. ':webhook:' .. a.webhookId .. ':deliveries', now, id)
redis.call('ZADD', PREFIX .. ':outbox', now, 'delivery:' .. id .. ':1')
audit(a.by, 'webhook.tested', a.webhookId)
return done()
