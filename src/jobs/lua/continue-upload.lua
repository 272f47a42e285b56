-- continueUpload: bytes of an open upload are about to come, or have come: it, and its draft, live on.
-- {id, fileId, lives (ms), unchecked?: the bytes from this offset on are not to be kept until they have been checked,
-- checked?: they have}

if not status then return refuse('gone') end
if status ~= 'draft' then return refuse('job-not-draft') end
local field = 'upload:' .. a.fileId
if not get(field) then return refuse('no-such-upload') end

if a.unchecked then set(field .. ':unchecked', int(a.unchecked)) end
if a.checked then redis.call('HDEL', record, field .. ':unchecked') end
expireUpload(a.fileId, now + a.lives)
touch()
return done({ expiresAt = now + a.lives })
