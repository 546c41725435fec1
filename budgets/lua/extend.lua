-- extend: a running request is alive and has made `done` tokens; whether it may go on.
--
-- KEYS  1 account  2 key  3 budget  4 request  5 open  6 slots   (budgets/redis_keys.py)
-- ARGV  1 request id  2 key id  3 day of the grant  4 hold, tokens  5 prompt, tokens  6 model  7 workload, or ''
--       8 done, tokens  9 lease, ms
-- Reply {'EXTENDED'}   {'REASSERTED'}: Redis had lost it, and holds it again   {'ENDED', state}: it must stop
--       {'REFUSED', 'paused' | 'revoked' | 'expired' | 'disabled' | 'unknown'}: it must stop and be settled
--
-- Invariant: `done` never falls, and the hold is counted once. A request that Redis forgot is taken back even
-- above a cap or a place: its tokens are being made, and what is not held could be granted to another. For the same
-- reason a refusal only tells: what was made is written down first, and the hold stays until the settlement.

local account, key, budget, record, open, slots = unpack(KEYS)
local request = { id = ARGV[1], key = ARGV[2], day = ARGV[3], hold = ARGV[4], prompt = ARGV[5], model = ARGV[6], workload = ARGV[7] }
local was, now = hash(record), now_ms()
local deadline, reply = now + ARGV[9], 'EXTENDED'

if was.state and not LIVE[was.state] then
  return { 'ENDED', was.state }
elseif not was.state then
  hold(budget, record, open, slots, request, deadline)
  reply = 'REASSERTED'
end
redis.call('HSET', record, 'state', 'open', 'done', math.max(tonumber(ARGV[8]), tonumber(was.done or 0)))
redis.call('ZADD', open, deadline, open_name(request))
redis.call('ZADD', slots, deadline, request.id)
local state = unusable(account, key, now)
return state and { 'REFUSED', state } or { reply }
