-- finish: the last act of a run that went well, with the last stage's checkpoint.
-- {id, token, checkpoint, result: JSON text}

if not status then return refuse('gone') end
if get('endedBy') == a.token then return get('endedAnswer') end
local fence = fenced()
if fence then return refuse(fence) end
checkpoint(a.checkpoint)
local answer = { ok = true, delivery = finish('completed', 'result', a.result) }
-- Without the deliveries to endpoints, which the outbox has: frozen once, into records that do not name each other.
set('endedBy', a.token, 'endedAnswer', cjson.encode(answer))
return done(answer)
