-- keyCreate: makes an API key, of which only the digest comes here. Sent twice, it has its effect once.
-- KEYS: the keys, their version.
-- {by, key: {id, name, role, digest, createdAt}, version: the new one, first: only if there is no key yet,
-- adminElsewhere: whether the environment has an admin's}

local a = cjson.decode(ARGV[1])
local made = redis.call('HVALS', KEYS[1])
if redis.call('HEXISTS', KEYS[1], a.key.id) == 1 then return 'ok' end
local admin = a.adminElsewhere or a.key.role == 'admin'
for _, text in ipairs(made) do
  local other = cjson.decode(text)
  if other.name == a.key.name then return 'name-taken' end
  if other.role == 'admin' then admin = true end
end
if a.first and #made > 0 then return 'not-first' end
if not admin then return 'admin-first' end
if #made >= 1000 then return 'too-many' end

redis.call('HSET', KEYS[1], a.key.id, cjson.encode(a.key))
redis.call('SET', KEYS[2], a.version)
audit(a.by, 'key.created', a.key.id, cjson.encode({ name = a.key.name, role = a.key.role }))
return 'ok'
