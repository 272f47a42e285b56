-- attachSuspected: a file whose worker was lost is about to be attached in a process's place for suspects. Counted here,
-- since BullMQ's own count of stalls grows while a job only waits for that place.
-- {id, flow, fileId, token}

if not status then return refuse('gone') end
if FINAL[status] then return refuse(status) end
if a.flow ~= flow or status ~= 'attaching' then return refuse('stale') end
local field = 'file:' .. a.fileId
if get(field .. ':suspectedBy') ~= a.token then
  set(field .. ':suspectedBy', a.token, field .. ':suspected', int(number(field .. ':suspected') + 1))
end
return done({ times = number(field .. ':suspected') })
