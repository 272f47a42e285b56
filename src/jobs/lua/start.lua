-- start: gives the job to one worker, which chooses the token. Answers the record, too.
-- KEYS[2] is BullMQ's lock of the job that the worker holds.
-- {id, flow, token, lock, worker, suspect: whether this worker has given the job its place for suspects,
-- atOnce?: the stages that wait for no place: if one of them is next, it begins with this}

if not status then return { refuse('gone') } end
if FINAL[status] then return { refuse(status) } end
if a.flow ~= flow then return { refuse('stale') } end
if get('token') == a.token then return answerRecord() end
-- A worker that froze before this line has lost the lock to its successor and must not take the token from it.
if redis.call('GET', KEYS[2]) ~= a.lock then return { refuse('lock-lost') } end
-- I1: BullMQ lets a parent run as well when its children were removed by hand.
local files, attached = attachedFiles()
if files == 0 or attached < files then return { done({ refilled = true, delivery = refill() }) } end

if status == 'processing' then
  -- Its worker was lost. The jobs of a dead worker come back as one cohort, and a killer among them would take the
  -- innocent along: from the second loss on a job runs only in a process's one place for suspects.
  local losses = number('losses') + 1
  if losses >= 2 and not a.suspect then return { done({ suspect = true }) } end
  set('losses', int(losses))
  if losses >= 5 then
    local stage = get('stage')
    return { done({ delivery = fail({ code = 'worker-lost', stage = stage or nil,
      message = 'The worker processes that ran this job died under it five times in a row. Look for what it does to them (memory, most often) before you retry it.' }), lost = true }) }
  end
  leaveStage('pending')
  emit('job.retrying', '{"status":"pending","reason":"worker-lost","attempt":' .. int(number('attempt')) .. '}')
elseif get('attemptOpen') ~= '1' then
  redis.call('HINCRBY', record, 'attempt', 1)
  set('attemptOpen', '1')
end

local starts = redis.call('HINCRBY', record, 'starts', 1)
set('token', a.token, 'seq', '0', 'worker', a.worker)
if redis.call('HSETNX', record, 'startedAt', moment) == 1 then tallyDuration(now, 'wait', now - number('readyAt')) end
move('processing')
emit('job.started', cjson.encode({ status = 'processing', attempt = number('attempt'), start = starts, worker = a.worker }))
for index, stage in ipairs(cjson.decode(get('stages'))) do
  if not get('output:' .. index) then
    for _, name in ipairs(a.atOnce or {}) do
      if name == stage.name then begin(name, index) end
    end
    break
  end
end
return answerRecord()
