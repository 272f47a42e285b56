-- An entry of the audit log, in the same moment as what it tells of. The newest 200,000 are kept, about 30 MB.
-- `by`: {actor, address?}; without one nothing is told: what the service does by itself is in the job's events.
local function audit(by, action, target, details, outcome)
  if not by then return end
  redis.call('XADD', '{sluice}:audit', 'MAXLEN', '~', '200000', '*', 'actor', by.actor, 'action', action,
    'target', target, 'outcome', outcome or 'ok', 'address', by.address or '', 'details', details or '{}')
end
