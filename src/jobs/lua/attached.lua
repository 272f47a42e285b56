-- attached: a file is durable and verified. The last one makes the job pending.
-- {id, flow, fileId, type}

if not status then return refuse('gone') end
if FINAL[status] then return refuse(status) end
if a.flow ~= flow then return refuse('stale') end
local field = 'file:' .. a.fileId
if get(field .. ':status') == 'attached' then return done() end
if status ~= 'attaching' then return refuse('stale') end

local file = cjson.decode(get(field))
set(field .. ':status', 'attached', field .. ':type', a.type)
emit('file.attached', cjson.encode({ fileId = a.fileId, name = file.name }))
local files, attached = attachedFiles()
if attached == files then ready(files) end
return done()
