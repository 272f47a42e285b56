-- log: a line of a stage's own, 1,000 a run and then one that says so.
-- {id, token, seq, stage, level, message}

local fence = fenced()
if fence == 'repeated' then return done() end
if fence then return refuse(fence) end
local lines = redis.call('HINCRBY', record, 'logLines', 1)
if lines <= 1000 then
  emit('job.log', cjson.encode({ stage = a.stage, level = a.level, message = a.message }))
elseif lines == 1001 then
  emit('job.log', cjson.encode({ stage = a.stage, level = 'warn',
    message = 'This run has logged 1,000 lines; what it logs from here on is left out.' }))
end
return done()
