-- Takes, renews or releases an upload's lease on a job, or looks whether there is any. A lease that has run out can't be
-- renewed: what it guarded may be gone.
-- KEYS[1] the leases, KEYS[2] the record. ARGV: action, token, length (ms), 'draft' where the job must be one.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local action, token, length = ARGV[1], ARGV[2], tonumber(ARGV[3])

if action == 'release' then
  redis.call('ZREM', KEYS[1], token)
  return 'ok'
end
if action == 'look' then
  return redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', now), '+inf') > 0 and 'held' or 'free'
end
if action == 'renew' then
  local ends = redis.call('ZSCORE', KEYS[1], token)
  if not ends or tonumber(ends) <= now then return 'lost' end
elseif ARGV[4] == 'draft' then
  local status = redis.call('HGET', KEYS[2], 'status')
  if not status then return 'gone' end
  if status ~= 'draft' then return 'job-not-draft' end
end
-- First of all writes: a Redis that is out of memory refuses it, and with it the upload; behind a write that frees
-- something Redis would let the rest of the script pass.
redis.call('ZADD', KEYS[1], now + length, token)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
-- A little longer than the lease itself, so that the key never outlives an upload that died by much.
if redis.call('PTTL', KEYS[1]) < length * 2 then redis.call('PEXPIRE', KEYS[1], length * 2) end
return 'ok'
