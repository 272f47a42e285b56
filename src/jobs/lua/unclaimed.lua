-- Of some stored objects of one job, those that nobody claims: neither an upload under way, nor the record, nor the
-- worker that holds the job now and may be writing them. What failed as infected no record claims. And behind them those
-- of uploads under way: of requests that hold a lease, and of open uploads.
-- KEYS[1] the record, KEYS[2] the leases, KEYS[3] the installation, KEYS[4] open uploads by their end. ARGV: id and
-- counter of the installation that the storage belongs to (a Redis that was emptied or set back meanwhile knows of no
-- claim), then keys of objects, listed *before* this runs.

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local uploading = redis.call('ZCOUNT', KEYS[2], '(' .. string.format('%.0f', now), '+inf') > 0

local installation = redis.call('HMGET', KEYS[3], 'id', 'counter')
if installation[1] ~= ARGV[1] or tonumber(installation[2]) < tonumber(ARGV[2]) then return { {}, {} } end

local claimed, open, ended, token, infected, draft, id = {}, {}, false, nil, nil, false, nil
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  if fields[i] == 'status' then
    ended = fields[i + 1] == 'completed' or fields[i + 1] == 'cancelled'
    draft = fields[i + 1] == 'draft'
  end
  if fields[i] == 'id' then id = fields[i + 1] end
  if fields[i] == 'token' then token = fields[i + 1] end
  if fields[i] == 'error' then
    local cause = cjson.decode(fields[i + 1])
    if cause.code == 'file-infected' then infected = 'file:' .. cause.fileId end
  end
end
for i = 1, #fields, 2 do
  local field, value = fields[i], fields[i + 1]
  if string.match(field, '^file:[^:]+$') then
    if field ~= infected then claimed[cjson.decode(value).key] = true end
  elseif draft and string.match(field, '^upload:[^:]+$') then
    local ends = redis.call('ZSCORE', KEYS[4], id .. '_' .. string.sub(field, 8))
    if ends and tonumber(ends) > now then open[cjson.decode(value).key] = true end
  elseif string.match(field, '^output:') then
    local output = cjson.decode(value)
    for _, artifact in ipairs(output.artifacts) do
      -- A small one is in the record itself.
      if artifact.key then claimed[artifact.key] = true end
    end
    -- Intermediates are for later stages of a job that may still run.
    if not ended then
      for _, intermediate in ipairs(output.intermediates) do claimed[intermediate.key] = true end
    end
  end
end

-- An open upload's own object, and those beside it whose names begin like its.
local function isOpen(key)
  for mine in pairs(open) do
    if string.sub(key, 1, #mine) == mine then return true end
  end
end

local unclaimed, underWay = {}, {}
for index = 3, #ARGV do
  local key = ARGV[index]
  local written = token and string.find(key, token, 1, true)
  if not claimed[key] and not written then table.insert((uploading or isOpen(key)) and underWay or unclaimed, key) end
end
return { unclaimed, underWay }
