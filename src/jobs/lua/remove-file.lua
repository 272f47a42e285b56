-- removeFile: takes a file out of a draft; answers where its bytes are.
-- {id, token, quota?, fileId, by?}

if not status then return refuse('gone') end
local before = get('removed:' .. a.token)
if before then return done({ file = cjson.decode(before) }) end
if status ~= 'draft' then return refuse('job-not-draft') end
local left, ids = {}, fileIds()
for _, fileId in ipairs(ids) do
  if fileId ~= a.fileId then table.insert(left, fileId) end
end
if #left == #ids then return refuse('no-such-file') end

local field = 'file:' .. a.fileId
local text = get(field)
redis.call('HDEL', record, field, field .. ':status')
set('fileIds', #left > 0 and cjson.encode(left) or '', 'removed:' .. a.token, text)
local file = cjson.decode(text)
if a.quota then redis.call('HINCRBY', PREFIX .. ':stored', 'removed', int(file.size)) end
emit('file.removed', cjson.encode({ fileId = a.fileId, name = file.name, size = file.size, sha256 = file.sha256 }))
audit(a.by, 'file.removed', id, cjson.encode({ fileId = a.fileId, name = file.name }))
return done({ file = file })
