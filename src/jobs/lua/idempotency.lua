-- What the transitions share that a request with an idempotency key makes. `a.idempotency`, where there is a key:
-- {key: its digest, token, fingerprint}

local function reservation() return a.idempotency and PREFIX .. ':idempotency:' .. a.idempotency.key end

-- True where the key is another request's by now, or nobody's: this one took too long, and the job may be there already.
local function keyLost()
  return a.idempotency and redis.call('HGET', reservation(), 'token') ~= a.idempotency.token
end

-- Turns the reservation into the answer that every repeat is given.
local function keepAnswer(files)
  if not a.idempotency then return end
  redis.call('HSET', reservation(), 'jobId', id, 'fingerprint', a.idempotency.fingerprint, 'files', cjson.encode(files))
  redis.call('PEXPIRE', reservation(), 86400000)
end
