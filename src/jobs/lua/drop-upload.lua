-- dropUpload: an open upload that nobody wants any more; answers what it was, for its bytes to be removed.
-- {id, fileId, expired?: only if it has had its time, or its job is no draft any more, and no request is at it, by?}

if not status then
  redis.call('ZREM', PREFIX .. ':uploads', id .. '_' .. a.fileId)
  return refuse('gone')
end
local text = get('upload:' .. a.fileId)
if not text then
  redis.call('ZREM', PREFIX .. ':uploads', id .. '_' .. a.fileId)
  return refuse('no-such-upload')
end
if a.expired and status == 'draft' then
  local at = redis.call('ZSCORE', PREFIX .. ':uploads', id .. '_' .. a.fileId)
  if at and tonumber(at) > now then return refuse('not-expired') end
  if redis.call('ZCOUNT', record .. ':leases', '(' .. int(now), '+inf') > 0 then return refuse('uploads-in-progress') end
end

closeUpload(a.fileId)
local upload = cjson.decode(text)
audit(a.by, 'upload.ended', id, cjson.encode({ fileId = a.fileId, name = upload.name }))
return done({ upload = upload })
