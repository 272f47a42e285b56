-- finish: the last act of a run that went well, with the last stage's checkpoint.
-- KEYS[2], with `slot`: the slots of the callback's origin; see delivery-claim.lua.
-- {id, token, checkpoint, result: JSON text, slot?: {token, most: how many may be taken before it, held: milliseconds}}

if not status then return { refuse('gone') } end
if get('endedBy') == a.token then
  local delivery = delivered()
  -- Nobody makes an attempt with the slot that it took the first time.
  if a.slot and not delivery then redis.call('ZREM', KEYS[2], a.slot.token) end
  return { cjson.encode({ ok = true, delivery = delivery }) }
end
local fence = fenced()
if fence then return { refuse(fence) } end
checkpoint(a.checkpoint)
local answer = { ok = true, delivery = finish('completed', 'result', a.result) }
set('endedBy', a.token)
if not (answer.delivery and a.slot and redis.call('ZCARD', KEYS[2]) < a.slot.most) then return { done(answer) } end

-- Whoever ends a job makes the first attempt at its callback: with a slot, and what is to be sent, it need not claim it.
redis.call('ZADD', KEYS[2], now + a.slot.held, a.slot.token)
redis.call('PEXPIRE', KEYS[2], a.slot.held)
return { done(answer), wholeRecord() }
