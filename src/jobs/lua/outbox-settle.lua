-- Takes entries out of the outbox, each if everything it stands for is there: FlowProducer.add has been seen to resolve
-- with children missing (after SCRIPT FLUSH).
-- KEYS[1] the outbox; then the BullMQ jobs of one entry after the other. ARGV: an entry, how many jobs it has, the next
-- entry, … Answers the entries that stay.

local left = {}
local key = 1
for index = 1, #ARGV, 2 do
  local there = true
  for _ = 1, ARGV[index + 1] do
    key = key + 1
    there = there and redis.call('EXISTS', KEYS[key]) == 1
  end
  if there then redis.call('ZREM', KEYS[1], ARGV[index]) else table.insert(left, ARGV[index]) end
end
return left
