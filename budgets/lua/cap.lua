-- cap: set what an account may use in a month.
--
-- KEYS  1 caps   (budgets/redis_keys.py)
-- ARGV  1 tokens
-- Reply the ids of the keys whose own cap is above it now
--
-- Invariant: the account's cap is what was asked for. It is never refused, because lowering it is how an operator stops
-- what runs away; a key's own cap may then be above it, and admit checks both. A cap below what is used or held stops
-- nothing that runs; nothing new is admitted.

redis.call('HSET', KEYS[1], 'account', ARGV[1])
local above = {}
for field, cap in pairs(hash(KEYS[1])) do
  local key = field:match('^key/(.+)$')
  if key and cap ~= 'unbounded' and tonumber(cap) > tonumber(ARGV[1]) then
    above[#above + 1] = key
  end
end
return above
