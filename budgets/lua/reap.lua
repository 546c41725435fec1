-- reap: one step for one request whose lease ran out: open -> orphaned (the place is free, the hold stays, because
-- its owner may only be slow) -> expired (charged what it last said it had made).
--
-- KEYS  1 budget  2 request  3 open  4 slots  5 usage of the day's month   (budgets/redis_keys.py)
-- ARGV  1 request id  2 key id  3 day of the grant  4 grace, ms  5 tombstone, ms
-- Reply {'ORPHANED'}   {'EXPIRED', tokens charged}   {'ALIVE'}: extended or ended since it was found overdue
--
-- Invariant: a hold is given back only together with a charge, and the charge is at most the hold.

local budget, record, open, slots, usage = unpack(KEYS)
local request = { id = ARGV[1], key = ARGV[2], day = ARGV[3] }
local was, now = hash(record), now_ms()
local deadline = tonumber(redis.call('ZSCORE', open, open_name(request)))

if not LIVE[was.state] or not deadline or deadline > now then
  return { 'ALIVE' }
elseif was.state == 'open' then
  redis.call('HSET', record, 'state', 'orphaned')
  redis.call('ZREM', slots, request.id)
  redis.call('ZADD', open, now + ARGV[4], open_name(request))
  return { 'ORPHANED' }
end
request.hold, request.model, request.workload = was.hold, was.model, ''
local prompt = math.min(tonumber(was.prompt), tonumber(was.hold))
local completion = math.min(tonumber(was.done), was.hold - prompt)
local charged = { prompt_tokens = prompt, completion_tokens = completion, requests = 1, errors = 1 }
local change = charge(budget, usage, request, was, charged)
close(budget, record, open, slots, request, was, 'expired', charged, ARGV[5])
return { 'EXPIRED', change }
