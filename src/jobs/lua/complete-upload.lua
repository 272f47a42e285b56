-- completeUpload: every byte of an open upload is there: its file is named in the draft, and the job submitted where
-- that was asked for when the upload was opened.
-- {id, fileId, lease, quota?, file, by?: else the job's owner, as where the janitor completes what a request left}

if not status then return refuse('gone') end
if get('file:' .. a.fileId) then return done({ submitted = false }) end
if status ~= 'draft' then return refuse('job-not-draft') end
local text = get('upload:' .. a.fileId)
if not text then return refuse('no-such-upload') end
local ends = redis.call('ZSCORE', record .. ':leases', a.lease)
if not ends or tonumber(ends) <= now then return refuse('lease-lost') end
local submits = cjson.decode(text).submit
-- Its own lease is one of them.
if submits and redis.call('ZCOUNT', record .. ':leases', '(' .. int(now), '+inf') > 1 then
  return refuse('uploads-in-progress')
end
if not takeRoom({ a.file }) then return refuse('storage-full') end

redis.call('ZREM', record .. ':leases', a.lease)
closeUpload(a.fileId)
local ids = fileIds()
table.insert(ids, a.fileId)
set('fileIds', cjson.encode(ids))
name(a.fileId, a.file)
a.by = a.by or { actor = owner }
tellAdded(a.fileId, a.file)
touch()
if submits then
  submit()
  audit(a.by, 'job.submitted', id)
end
return done({ submitted = submits or false })
