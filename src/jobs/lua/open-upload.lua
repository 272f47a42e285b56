-- openUpload: a file of a draft whose bytes are still to come, in several goes or past us; answers the id it
-- will have, and when the upload expires.
-- It counts as one of the draft's files from now on.
-- {id, token, maxFiles, upload: {kind, name, type, size, key, …}, lives (ms)}

if not status then return refuse('gone') end
local before = get('opened:' .. a.token)
if before then return done(cjson.decode(before)) end
if status ~= 'draft' then return refuse('job-not-draft') end
if #fileIds() + #openUploads() >= a.maxFiles then return refuse('too-many-files') end

local fileId = openUpload(a.upload, a.lives)
local answer = { fileId = fileId, expiresAt = now + a.lives }
set('opened:' .. a.token, cjson.encode(answer))
touch()
return done(answer)
