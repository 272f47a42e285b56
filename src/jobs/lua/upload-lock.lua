-- The lock on an open upload: one request at a time writes to it, whichever API process it came to. Who wants it says
-- so, and its holder, who asks now and then, lets go.
-- KEYS[1] the lock, KEYS[2] who is wanted there. ARGV: action, token, length (ms).

local action, token, length = ARGV[1], ARGV[2], tonumber(ARGV[3])
local mine = redis.call('GET', KEYS[1]) == token

if action == 'take' then
  if mine then return 'ok' end
  if redis.call('SET', KEYS[1], token, 'NX', 'PX', length) then
    redis.call('DEL', KEYS[2])
    return 'ok'
  end
  redis.call('SET', KEYS[2], '1', 'NX', 'PX', length)
  return 'held'
end
if action == 'release' then
  if mine then redis.call('DEL', KEYS[1], KEYS[2]) end
  return 'ok'
end
if not mine then return 'lost' end
-- Only now and then: each write is synced.
if redis.call('PTTL', KEYS[1]) < length / 2 then redis.call('PEXPIRE', KEYS[1], length) end
return redis.call('EXISTS', KEYS[2]) == 1 and 'wanted' or 'ok'
