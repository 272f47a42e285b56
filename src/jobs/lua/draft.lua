-- What the transitions of a draft share: adding files, and submitting.

-- A draft's time to live begins anew.
local function touch() redis.call('ZADD', PREFIX .. ':drafts', now, id) end

-- Names uploaded files in the record; answers their ids.
local function add(files)
  local ids, added, last = fileIds(), {}, number('lastFile')
  for _, file in ipairs(files) do
    last = last + 1
    local fileId = 'f' .. int(last)
    set('file:' .. fileId, cjson.encode(file), 'file:' .. fileId .. ':status', 'uploaded')
    emit('file.uploaded', cjson.encode({ fileId = fileId, name = file.name, size = file.size, sha256 = file.sha256 }))
    table.insert(ids, fileId)
    table.insert(added, fileId)
  end
  if #added > 0 then set('fileIds', cjson.encode(ids), 'lastFile', int(last)) end
  return added
end

local function submit()
  move('attaching')
  emit('job.submitted', '{"status":"attaching","files":' .. int(#fileIds()) .. '}')
  enqueueFlow()
end
