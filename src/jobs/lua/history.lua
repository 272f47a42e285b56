-- Counts for the figures of the last day: a hash a minute, gone a day later; history.ts reads them. `now` is in
-- milliseconds.

local minute
local function tally(now, field, by)
  minute = minute or '{sluice}:history:' .. string.format('%.0f', math.floor(now / 60000))
  -- With each new field, so that no hash is ever without its end.
  if redis.call('HINCRBY', minute, field, by) == by then redis.call('EXPIRE', minute, 90000) end
end

-- Upper bounds of what a duration is counted under, in milliseconds, as in history.ts; above the last one it is `more`.
local BOUNDS = { 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 1800000 }

-- A duration, by what it is of.
local function tallyDuration(now, of, ms)
  local bound = 'more'
  for _, each in ipairs(BOUNDS) do
    if ms <= each then
      bound = string.format('%.0f', each)
      break
    end
  end
  tally(now, of .. ':' .. bound, 1)
  if ms >= 1 then tally(now, of .. ':ms', math.floor(ms)) end
end
