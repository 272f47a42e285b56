-- retry: opens a new run of a failed job. Stages that completed stay so; files that are attached stay so.
-- {id, token, notRetryable: {code: true}, by?}

if not status then return refuse('gone') end
if get('retriedBy') == a.token then return done() end
if status ~= 'failed' then return refuse('job-not-failed') end
if a.notRetryable[cjson.decode(get('error')).code] then return refuse('job-not-retryable') end

run, flow = run + 1, flow + 1
redis.call('HDEL', record, 'readyAt', 'startedAt', 'finishedAt', 'error', 'result', 'attempt', 'attemptOpen', 'starts',
  'losses', 'flowsLost', 'logLines', 'token', 'stage', 'stageIndex')
set('run', int(run), 'retriedBy', a.token)
redis.call('ZREM', PREFIX .. ':finished', id)
for index in ipairs(cjson.decode(get('stages'))) do
  local stage = 'stage:' .. index
  if get(stage .. ':status') ~= 'completed' then redis.call('HDEL', record, stage .. ':status', stage .. ':percent') end
end
overall()
for _, fileId in ipairs(fileIds()) do
  if get('file:' .. fileId .. ':status') == 'failed' then set('file:' .. fileId .. ':status', 'uploaded') end
  redis.call('HDEL', record, 'file:' .. fileId .. ':suspected')
end
local files, attached = attachedFiles()
local to = attached == files and 'pending' or 'attaching'
move(to)
emit('job.retried', '{"status":"' .. to .. '","run":' .. int(run) .. '}')
if to == 'pending' then ready(files) end
enqueueFlow()
audit(a.by, 'job.retried', id, '{"run":' .. int(run) .. '}')
return done()
