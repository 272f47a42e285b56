-- An entry of the audit log, in the same moment as what it tells of. Each kind of action (the word before the dot; logins
-- that were refused are one of their own) has a stream, of which the newest 200,000 are kept, about 30 MB: whoever does a
-- lot of one thing pushes nothing else out. Their ids are given out by one short stream, so that all are in one order.
-- `by`: {actor, address?}; without one nothing is told: what the service does by itself is in the job's events.
local function audit(by, action, target, details, outcome)
  if not by then return end
  local kind = string.match(action, '^%a+') .. (outcome == 'refused' and ':refused' or '')
  local entry = redis.call('XADD', '{sluice}:audit:last', 'MAXLEN', '~', '1', '*', 'kind', kind)
  redis.call('XADD', '{sluice}:audit:' .. kind, 'MAXLEN', '~', '200000', entry, 'actor', by.actor, 'action', action,
    'target', target, 'outcome', outcome or 'ok', 'address', by.address or '', 'details', details or '{}')
end
