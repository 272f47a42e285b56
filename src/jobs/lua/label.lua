-- label: gives a job its labels that was made before there were any.
-- {id, labels: as for create}

if not status then return refuse('gone') end
if get('labels') then return done() end
set('labels', cjson.encode(a.labels))
for _, label in ipairs(a.labels) do redis.call('ZADD', PREFIX .. ':jobs:' .. label, createdAt, id) end
return done()
