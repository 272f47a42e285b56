-- Takes an entry out of the outbox, if everything it stands for is there: FlowProducer.add has been seen to resolve
-- with children missing (after SCRIPT FLUSH).
-- KEYS[1] the outbox; KEYS[2…] the BullMQ jobs. ARGV[1] the entry. Answers 1 if it was settled.

for index = 2, #KEYS do
  if redis.call('EXISTS', KEYS[index]) == 0 then return 0 end
end
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
