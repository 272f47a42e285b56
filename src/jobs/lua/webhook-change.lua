-- change: makes, changes or removes an endpoint, and lists it by its events. Answers it as it is now; nothing where there
-- is none, or would be one too many.
-- KEYS[1] is the endpoint.
-- {id, create?: {atMost: endpoints}, delete?, set?: [name, value, …], clear?: [names],
-- rotate?: {secret, keepFor: milliseconds, atMost: secrets}, by?}

local a = cjson.decode(ARGV[1])
local webhook = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local url = redis.call('HGET', webhook, 'url')
if a.create then
  -- A script that is sent twice makes one.
  if url then return redis.call('HGETALL', webhook) end
  if redis.call('ZCARD', '{sluice}:webhooks') >= a.create.atMost then return {} end
  redis.call('HSET', webhook, 'createdAt', string.format('%.0f', now))
  redis.call('ZADD', '{sluice}:webhooks', now, a.id)
  audit(a.by, 'webhook.created', a.id)
elseif url then
  unlist(webhook)
else
  return {}
end
if a.delete then
  redis.call('DEL', webhook)
  redis.call('ZREM', '{sluice}:webhooks', a.id)
  audit(a.by, 'webhook.deleted', a.id)
  return {}
end
if a.set and #a.set > 0 then redis.call('HSET', webhook, unpack(a.set)) end
if a.clear and #a.clear > 0 then redis.call('HDEL', webhook, unpack(a.clear)) end
if a.set and not a.create then
  -- What failed elsewhere says nothing of the receiver that it has now.
  if redis.call('HGET', webhook, 'url') ~= url then redis.call('HDEL', webhook, 'failingSince') end
  local changed = {}
  for index = 1, #a.set, 2 do table.insert(changed, a.set[index]) end
  audit(a.by, 'webhook.updated', a.id, #changed > 0 and cjson.encode({ changed = changed }) or nil)
end
if a.rotate then
  local secrets = cjson.decode(redis.call('HGET', webhook, 'secrets'))
  -- A script that is sent twice rotates once.
  if secrets[1].secret ~= a.rotate.secret then
    local kept = { { secret = a.rotate.secret } }
    for _, each in ipairs(secrets) do
      each['until'] = each['until'] or now + a.rotate.keepFor
      if each['until'] > now and #kept < a.rotate.atMost then table.insert(kept, each) end
    end
    redis.call('HSET', webhook, 'secrets', cjson.encode(kept))
    audit(a.by, 'webhook.secret-rotated', a.id)
  end
end
if redis.call('HGET', webhook, 'enabled') == '1' then list(webhook) end
return redis.call('HGETALL', webhook)
