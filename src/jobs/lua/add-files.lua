-- addFiles: names a request's files in a draft, all of them or none.
-- {id, token, lease, quota?, maxFiles, files, idempotency?, by?}

if not status then return refuse('gone') end
local before = get('added:' .. a.token)
if before then return done({ added = cjson.decode(before) }) end
if keyLost() then return refuse('key-lost') end
if status ~= 'draft' then return refuse('job-not-draft') end
local ends = redis.call('ZSCORE', record .. ':leases', a.lease)
if not ends or tonumber(ends) <= now then return refuse('lease-lost') end
if #fileIds() + #openUploads() + #a.files > a.maxFiles then return refuse('too-many-files') end
if not takeRoom(a.files) then return refuse('storage-full') end

redis.call('ZREM', record .. ':leases', a.lease)
local added = add(a.files)
if #added > 0 then touch() end
for index, fileId in ipairs(added) do tellAdded(fileId, a.files[index]) end
keepAnswer(added)
set('added:' .. a.token, cjson.encode(added))
return done({ added = added })
