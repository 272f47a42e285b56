-- finish: the last act of a run that went well, with the last stage's checkpoint.
-- {id, token, checkpoint, result: JSON text}

if not status then return refuse('gone') end
if get('endedBy') == a.token then return get('endedAnswer') end
local fence = fenced()
if fence then return refuse(fence) end
checkpoint(a.checkpoint)
local answer = { ok = true, delivery = finish('completed', 'result', a.result) }
set('endedBy', a.token, 'endedAnswer', done(answer))
return done(answer)
