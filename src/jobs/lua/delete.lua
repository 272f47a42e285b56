-- delete: removes a draft or final job: record, log, index. Its bytes are removed by who asked, or by the janitor.
-- Deliveries stay: one that is still open goes on.
-- {id, token, bytes?: of its files, where there is a quota, expiredBefore?: {draft, final}: only if it is that old,
-- and no upload is under way, onlyDraft?: not once it is submitted, by?}

local tombstone = record .. ':deleted'
if not status then
  return redis.call('GET', tombstone) == a.token and done() or refuse('gone')
end
if a.onlyDraft and status ~= 'draft' then return refuse('job-not-draft') end
if status ~= 'draft' and not FINAL[status] then return refuse('job-not-final') end
if a.expiredBefore then
  local since = status == 'draft' and redis.call('ZSCORE', PREFIX .. ':drafts', id) or redis.call('ZSCORE', PREFIX .. ':finished', id)
  local limit = status == 'draft' and a.expiredBefore.draft or a.expiredBefore.final
  if not since or tonumber(since) > now - limit then return refuse('not-expired') end
  if redis.call('ZCOUNT', record .. ':leases', '(' .. int(now), '+inf') > 0 then return refuse('uploads-in-progress') end
end
local open = openUploads()
-- A job that was made by an earlier version has none.
local labels = cjson.decode(get('labels') or '[]')
-- First of all writes: a Redis that is out of memory refuses any other, and then nobody could make room in it.
redis.call('DEL', record, record .. ':log', record .. ':leases')
for _, fileId in ipairs(open) do redis.call('ZREM', PREFIX .. ':uploads', id .. '_' .. fileId) end
if a.bytes then redis.call('HINCRBY', PREFIX .. ':stored', 'removed', int(a.bytes)) end
for _, index in ipairs({ ':jobs', ':jobs:' .. status, ':drafts', ':finished' }) do
  redis.call('ZREM', PREFIX .. index, id)
end
for _, label in ipairs(labels) do redis.call('ZREM', PREFIX .. ':jobs:' .. label, id) end
-- Whoever follows this job hears that there is nothing more to come, and whoever follows all of them is told
-- `job.deleted`. No endpoint is: there is no job left to send along.
redis.call('XADD', PREFIX .. ':events', 'MAXLEN', '~', '10000', '*', 'job', id, 'owner', owner, 'run', int(run), 'type', 'deleted', 'data', '{}')
audit(a.by, 'job.deleted', id, cjson.encode({ owner = owner, status = status }))
redis.call('SET', tombstone, a.token, 'PX', 60000)
return done()
