-- extend: a running request is alive and has made `done` tokens.
--
-- KEYS  1 budget  2 request  3 open  4 slots   (budgets/redis_keys.py)
-- ARGV  1 request id  2 key id  3 day of the grant  4 hold, tokens  5 prompt, tokens  6 model  7 done, tokens  8 lease, ms
-- Reply {'EXTENDED'}   {'REASSERTED'}: Redis had lost it, and holds it again   {'ENDED', state}: it must stop
--
-- Invariant: `done` never falls, and the hold is counted once. A request that Redis forgot is taken back even
-- above a cap or a place: its tokens are being made, and what is not held could be granted to another.

local budget, record, open, slots = unpack(KEYS)
local request = { id = ARGV[1], key = ARGV[2], day = ARGV[3], hold = ARGV[4], prompt = ARGV[5], model = ARGV[6] }
local was, deadline, reply = hash(record), now_ms() + ARGV[8], 'EXTENDED'

if was.state and not LIVE[was.state] then
  return { 'ENDED', was.state }
elseif not was.state then
  hold(budget, record, open, slots, request, deadline)
  reply = 'REASSERTED'
end
redis.call('HSET', record, 'state', 'open', 'done', math.max(tonumber(ARGV[7]), tonumber(was.done or 0)))
redis.call('ZADD', open, deadline, open_name(request))
redis.call('ZADD', slots, deadline, request.id)
return { reply }
