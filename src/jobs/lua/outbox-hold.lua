-- Moves the time of entries on that somebody is still at work on, so that no sweeper takes them for left behind. One that
-- is no longer there stays so.
-- KEYS[1] the outbox. ARGV: the entries.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
for _, entry in ipairs(ARGV) do redis.call('ZADD', KEYS[1], 'XX', now, entry) end
