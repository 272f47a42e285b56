-- label: gives jobs their labels that were made before there were any. Answers how many had none.
-- KEYS[1]: every job by creation. ARGV[1]: [{id, labels: as for create}, …]

local labelled = 0
for _, job in ipairs(cjson.decode(ARGV[1])) do
  local record = '{sluice}:job:' .. job.id
  local createdAt = redis.call('HGET', record, 'createdAt')
  if createdAt and redis.call('HSETNX', record, 'labels', cjson.encode(job.labels)) == 1 then
    for _, label in ipairs(job.labels) do redis.call('ZADD', KEYS[1] .. ':' .. label, createdAt, job.id) end
    labelled = labelled + 1
  end
end
return labelled
