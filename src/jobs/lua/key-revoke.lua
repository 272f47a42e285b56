-- keyRevoke: takes an API key away. Sent twice, it has its effect once.
-- KEYS: the keys, their version, when each was used last.
-- {by, id, version: the new one, keepAdmin: refuse to take the last admin's}

local a = cjson.decode(ARGV[1])
if redis.call('GET', KEYS[2]) == a.version then return 'ok' end
local text = redis.call('HGET', KEYS[1], a.id)
if not text then return 'gone' end
local key = cjson.decode(text)
if a.keepAdmin and key.role == 'admin' then
  local admins = 0
  for _, other in ipairs(redis.call('HVALS', KEYS[1])) do
    if cjson.decode(other).role == 'admin' then admins = admins + 1 end
  end
  if admins == 1 then return 'last-admin' end
end

redis.call('HDEL', KEYS[1], a.id)
redis.call('HDEL', KEYS[3], a.id)
redis.call('SET', KEYS[2], a.version)
audit(a.by, 'key.revoked', a.id, cjson.encode({ name = key.name, role = key.role }))
return 'ok'
