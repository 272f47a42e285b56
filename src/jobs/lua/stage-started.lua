-- stageStarted: {id, token, seq, stage, index}

local fence = fenced()
if fence == 'repeated' then return done() end
if fence then return refuse(fence) end
set('stage', a.stage, 'stageIndex', int(a.index), 'stage:' .. int(a.index) .. ':status', 'running')
emit('stage.started', '{"stage":' .. cjson.encode(a.stage) .. ',"overall":' .. int(overall()) .. '}')
return done()
