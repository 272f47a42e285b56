-- What the transitions of a draft share: adding files, open uploads, and submitting.

-- A draft's time to live begins anew.
local function touch() redis.call('ZADD', PREFIX .. ':drafts', moment, id) end

-- Takes room for files under the quota; false where there is not as much. Without a quota there is nothing to count.
local function takeRoom(files)
  if not a.quota then return true end
  local key, bytes = PREFIX .. ':stored', 0
  for _, file in ipairs(files) do bytes = bytes + file.size end
  local counts = redis.call('HMGET', key, 'measured', 'added', 'addedBefore', 'removed')
  for index = 1, 4 do counts[index] = tonumber(counts[index] or 0) end
  if counts[1] + counts[2] - counts[3] - counts[4] + bytes > a.quota then return false end
  redis.call('HINCRBY', key, 'added', int(bytes))
  return true
end

local function name(fileId, file)
  set('file:' .. fileId, cjson.encode(file), 'file:' .. fileId .. ':status', 'uploaded')
  emit('file.uploaded', cjson.encode({ fileId = fileId, name = file.name, size = file.size, sha256 = file.sha256 }))
end

local function tellAdded(fileId, file)
  audit(a.by, 'file.added', id, cjson.encode({ fileId = fileId, name = file.name, size = file.size }))
end

-- Names uploaded files in the record; answers their ids.
local function add(files)
  local ids, added, last = fileIds(), {}, number('lastFile')
  for _, file in ipairs(files) do
    last = last + 1
    local fileId = 'f' .. int(last)
    name(fileId, file)
    table.insert(ids, fileId)
    table.insert(added, fileId)
  end
  if #added > 0 then set('fileIds', cjson.encode(ids), 'lastFile', int(last)) end
  return added
end

-- The ids of files that are still to come.
local function openUploads()
  local text = get('uploadIds')
  return (text and text ~= '') and cjson.decode(text) or {}
end

local function setOpenUploads(ids) set('uploadIds', #ids > 0 and cjson.encode(ids) or '') end

local function expireUpload(fileId, at) redis.call('ZADD', PREFIX .. ':uploads', at, id .. '_' .. fileId) end

-- Opens an upload for `lives` milliseconds; answers the id that its file will have.
local function openUpload(upload, lives)
  local last = number('lastFile') + 1
  local fileId, ids = 'f' .. int(last), openUploads()
  table.insert(ids, fileId)
  set('upload:' .. fileId, cjson.encode(upload), 'lastFile', int(last))
  setOpenUploads(ids)
  expireUpload(fileId, now + lives)
  return fileId
end

local function closeUpload(fileId)
  local left = {}
  for _, each in ipairs(openUploads()) do
    if each ~= fileId then table.insert(left, each) end
  end
  setOpenUploads(left)
  redis.call('HDEL', record, 'upload:' .. fileId, 'upload:' .. fileId .. ':unchecked')
  redis.call('ZREM', PREFIX .. ':uploads', id .. '_' .. fileId)
end

local function submit()
  move('attaching')
  emit('job.submitted', '{"status":"attaching","files":' .. int(#fileIds()) .. '}')
  enqueueFlow()
  tally(now, 'submitted', 1)
end
