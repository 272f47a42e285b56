-- checkpoint: a stage is complete, and what it wrote counts from now on.
-- {id, token, seq, checkpoint: {stage, index, durationMs, output, names}}

local fence = fenced()
if fence == 'repeated' then return done() end
if fence then return refuse(fence) end
checkpoint(a.checkpoint)
return done()
