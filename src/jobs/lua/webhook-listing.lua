-- Which endpoints are to be told of which events: a set for each type of event, of those endpoints that are enabled.

local function eachType(webhook, command)
  local id = redis.call('HGET', webhook, 'id')
  for _, type in ipairs(cjson.decode(redis.call('HGET', webhook, 'events'))) do
    redis.call(command, '{sluice}:webhooks:on:' .. type, id)
  end
end

local function list(webhook) eachType(webhook, 'SADD') end
local function unlist(webhook) eachType(webhook, 'SREM') end

local function disable(webhook, reason)
  unlist(webhook)
  redis.call('HSET', webhook, 'enabled', '0', 'disabledReason', reason)
end
