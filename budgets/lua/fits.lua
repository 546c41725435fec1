-- fits: whether a request would be admitted now, places aside.
--
-- KEYS  1 account  2 key  3 caps  4 budget   (budgets/redis_keys.py)
-- ARGV  1 key id  2 hold, tokens
-- Reply {'GRANTED', day, cap, used, held of the key, cap, used, held of the account}   ('' is an unbounded cap)
--       {'REFUSED', state}   {'EXCEEDED' | 'RESERVED', 'key' | 'account', day, cap, used, held}
--
-- Invariant: nothing changes. The answer binds nobody: whoever wants to run has to be admitted.

local now = now_ms()
local account, key, caps, budget = unpack(KEYS)
local request = { key = ARGV[1], hold = ARGV[2], day = day_of(now) }

return refusal(account, key, caps, budget, request, now) or room(caps, budget, request.key, request.day)
