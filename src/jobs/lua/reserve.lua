-- Reserves, renews or frees an idempotency key. What it holds becomes an answer only by the script that makes what is
-- answered; an answer is neither renewed nor freed.
-- KEYS[1] the key. ARGV: action, token, length of the reservation (ms). Answers {verdict, field, value, …}.

local action, token, length = ARGV[1], ARGV[2], ARGV[3]
local holder, jobId = unpack(redis.call('HMGET', KEYS[1], 'token', 'jobId'))
local mine = holder == token and not jobId

if action == 'reserve' then
  if jobId then return { 'answered', unpack(redis.call('HGETALL', KEYS[1])) } end
  if holder and not mine then return { 'in-progress' } end
  redis.call('HSET', KEYS[1], 'token', token)
  redis.call('PEXPIRE', KEYS[1], length)
  return { 'reserved' }
end
if mine then
  if action == 'renew' then redis.call('PEXPIRE', KEYS[1], length) else redis.call('DEL', KEYS[1]) end
end
return { mine and 'ok' or 'lost' }
