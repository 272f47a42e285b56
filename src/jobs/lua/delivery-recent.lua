-- recent: how the newest deliveries to an endpoint went, the newest first.
-- KEYS[1] the endpoint's deliveries; ARGV[1] at most how many.

local statuses = {}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1] - 1)) do
  local status = redis.call('HGET', '{sluice}:delivery:' .. id, 'status')
  if status then table.insert(statuses, status) end
end
return statuses
