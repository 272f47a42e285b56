-- attachFailed: a file cannot be attached, now or ever; the job ends.
-- {id, flow, fileId, error: {code, message, fileId}}

if not status then return refuse('gone') end
if FINAL[status] then return refuse(status) end
if a.flow ~= flow or status ~= 'attaching' then return refuse('stale') end

local field = 'file:' .. a.fileId
set(field .. ':status', 'failed')
a.error.attempts = number('attempt')
emit('file.failed', cjson.encode({ fileId = a.fileId, name = cjson.decode(get(field)).name, error = a.error }))
return done({ ok = true, delivery = fail(a.error) })
