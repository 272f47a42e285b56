-- change: makes, changes or removes an endpoint, and lists it by its events. Answers it as it is now.
-- KEYS[1] is the endpoint.
-- {id, create?, delete?, set?: [name, value, …], clear?: [names], rotate?: {secret, keepFor: milliseconds}}

local a = cjson.decode(ARGV[1])
local webhook = KEYS[1]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

if redis.call('EXISTS', webhook) == 1 then
  unlist(webhook)
elseif not a.create then
  return {}
end
if a.delete then
  redis.call('DEL', webhook)
  redis.call('ZREM', '{sluice}:webhooks', a.id)
  return {}
end
if a.create then
  redis.call('HSETNX', webhook, 'createdAt', string.format('%.0f', now))
  redis.call('ZADD', '{sluice}:webhooks', 'NX', now, a.id)
end
if a.set and #a.set > 0 then redis.call('HSET', webhook, unpack(a.set)) end
if a.clear and #a.clear > 0 then redis.call('HDEL', webhook, unpack(a.clear)) end
if a.rotate then
  local secrets = cjson.decode(redis.call('HGET', webhook, 'secrets'))
  -- A script that is sent twice rotates once.
  if secrets[1].secret ~= a.rotate.secret then
    local kept = { { secret = a.rotate.secret } }
    for _, each in ipairs(secrets) do
      each['until'] = each['until'] or now + a.rotate.keepFor
      if each['until'] > now then table.insert(kept, each) end
    end
    redis.call('HSET', webhook, 'secrets', cjson.encode(kept))
  end
end
if redis.call('HGET', webhook, 'enabled') == '1' then list(webhook) end
return redis.call('HGETALL', webhook)
