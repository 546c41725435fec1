-- abandon: give up a request that reached no engine: queued, granted, or admitted with an unknown outcome.
--
-- KEYS  1 budget  2 request  3 open  4 slots  5 queue  6 waiting   (budgets/redis_keys.py)
-- ARGV  1 request id  2 key id  3 tombstone, ms  4 tombstone of one that was never granted, ms
-- Reply {'RELEASED'}: a hold was given back   {'LEFT'}: nothing was held   {'ENDED', state}: too late, nothing changed
--
-- Invariant: nothing is charged, and an admit of this request that arrives afterwards grants nothing. (It may: a call
-- that timed out can still lie in the socket of a Redis that was frozen.)

local budget, record, open, slots, queue, waiting = unpack(KEYS)
local id, was = ARGV[1], hash(record)

redis.call('ZREM', queue, id)
redis.call('ZREM', waiting, id)
if LIVE[was.state] then
  local request = { id = id, key = was.key, day = was.day, hold = was.hold }
  local nothing = { prompt_tokens = 0, completion_tokens = 0, requests = 0, errors = 0 }
  close(budget, record, open, slots, request, was, 'abandoned', nothing, ARGV[3])
  return { 'RELEASED' }
elseif was.state then
  return { 'ENDED', was.state }
end
redis.call('HSET', record, 'state', 'abandoned')
redis.call('PEXPIRE', record, ARGV[4])
return { 'LEFT' }
