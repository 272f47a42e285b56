-- attachSurvived: a suspect's try has ended with its worker alive: the row of losses is broken.
-- {id, flow, fileId}

if not status then return refuse('gone') end
if a.flow ~= flow then return refuse('stale') end
redis.call('HDEL', record, 'file:' .. a.fileId .. ':suspected', 'file:' .. a.fileId .. ':suspectedBy')
return done()
