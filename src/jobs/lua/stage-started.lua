-- stageStarted: {id, token, seq, stage, index}

local fence = fenced()
if fence == 'repeated' then return done() end
if fence then return refuse(fence) end
begin(a.stage, a.index)
return done()
