-- What the transitions into `pending` share.

local function ready(files)
  set('readyAt', moment)
  move('pending')
  emit('job.ready', '{"status":"pending","filesAttached":' .. int(files) .. ',"message":"Job ready for processing"}')
end
