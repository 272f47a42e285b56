-- An entry for what is no script of its own.
-- {by: {actor, address?}, action, target, outcome, details: JSON text}

local a = cjson.decode(ARGV[1])
audit(a.by, a.action, a.target, a.details, a.outcome)
return 1
