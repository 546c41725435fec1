-- settle: charge what a request really used, exactly once, whatever became of its reservation.
--
-- KEYS  1 budget  2 request  3 open  4 slots  5 usage of the day's month   (budgets/redis_keys.py)
-- ARGV  1 request id  2 key id  3 day of the grant  4 hold, tokens  5 model  6 workload, or ''
--       7 prompt, tokens  8 completion, tokens  9 errors, 0 or 1  10 tombstone, ms
-- Reply {'SETTLED' | 'CORRECTED' | 'RECOVERED', change of used, tokens}   {'DUPLICATE', 0}   {'MISMATCH', 0}
--
-- Invariant: after any number of settles of a request, `used` of its month holds its charge once and `held` holds
-- nothing of it; what became of the key or the account plays no part. A charge above the hold is never cut to fit: it
-- is counted under `over`, which audit reports.

local budget, record, open, slots, usage = unpack(KEYS)
local request = { id = ARGV[1], key = ARGV[2], day = ARGV[3], hold = ARGV[4], model = ARGV[5], workload = ARGV[6] }
local charged = { prompt_tokens = ARGV[7], completion_tokens = ARGV[8], requests = 1, errors = ARGV[9] }
local was = hash(record)

local function outcome()
  if LIVE[was.state] then
    return 'SETTLED'
  end
  return was.state and 'CORRECTED' or 'RECOVERED' -- corrected: expired or given up before the truth arrived
end

if was.state == 'settled' then
  return { 'DUPLICATE', 0 }
elseif was.day and (was.day ~= request.day or was.key ~= request.key or was.hold ~= request.hold) then
  return { 'MISMATCH', 0 }
end
local change = charge(budget, usage, request, was, charged)
local over = charged.prompt_tokens + charged.completion_tokens - request.hold
if over > 0 then
  redis.call('HINCRBY', budget, month_of(request.day) .. '/over', over)
end
close(budget, record, open, slots, request, was, 'settled', charged, ARGV[10])
return { outcome(), change }
