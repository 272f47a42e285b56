-- progress: {id, token, seq, stage, index, percent, message?}

local fence = fenced()
if fence == 'repeated' then return done() end
if fence then return refuse(fence) end
local percent = reach(a.index, a.percent)
emit('stage.progress', cjson.encode({ stage = a.stage, percent = percent, overall = overall(), message = a.message }))
return done()
