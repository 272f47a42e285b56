-- create: the commit point of an upload. Before it there is nothing, after it exactly one job. Answers when it was made,
-- since its maker knows all else that is in it; and the record, where it was made before or has an open upload.
-- {id, token, lease?, quota?, fields: [name, value, …], files: [{name, size, type, sha256, key, etag}], submit,
-- labels: of the indexes that it is found by, see labels.ts, upload?: {upload, lives}, idempotency?, by?}

if status then
  if get('createdBy') ~= a.token then return { refuse('exists') } end
  return answerRecord()
end
if keyLost() then return { refuse('key-lost') } end
if a.lease then
  local ends = redis.call('ZSCORE', record .. ':leases', a.lease)
  if not ends or tonumber(ends) <= now then return { refuse('lease-lost') } end
end
if #a.files > 0 and not takeRoom(a.files) then return { refuse('storage-full') } end
if a.lease then redis.call('ZREM', record .. ':leases', a.lease) end

owner, run, flow, createdAt = a.owner, 1, 1, moment
set('id', id, 'createdBy', a.token, 'owner', owner, 'run', '1', 'flow', '1', 'createdAt', createdAt, unpack(a.fields))
redis.call('ZADD', PREFIX .. ':jobs', moment, id)
set('labels', cjson.encode(a.labels))
for _, label in ipairs(a.labels) do redis.call('ZADD', PREFIX .. ':jobs:' .. label, moment, id) end
emit('job.created', '{"status":"draft","pipeline":' .. cjson.encode(get('pipeline')) .. '}')
add(a.files)
if a.upload then openUpload(a.upload.upload, a.upload.lives) end
if a.submit then
  submit()
else
  move('draft')
  touch()
end
audit(a.by, 'job.created', id, cjson.encode({ files = #a.files, submitted = a.submit }))
keepAnswer({})
if a.upload then return answerRecord() end
return { done({ createdAt = now }) }
