-- cap: set what an account or a key may use in a month, or how many requests of a key run and wait.
--
-- KEYS  1 caps   (budgets/redis_keys.py)
-- ARGV  1 'account' or 'key/KEYID'  2 tokens, or 'unbounded' (keys only: the account's cap holds);
--       or 1 'places/KEYID' or 'queue/KEYID'  2 how many
-- Reply {'SET'}   {'ABOVE', the account's cap}: a key's cap may not exceed its account's
--
-- Invariant: no key is given a cap above its account's. Lowering the account's later leaves keys as they are: admit
-- checks both. A cap below what is used or held stops nothing that runs; nothing new is admitted.

local account = redis.call('HGET', KEYS[1], 'account') or '0'
if ARGV[1]:find('^key/') and ARGV[2] ~= 'unbounded' and tonumber(ARGV[2]) > tonumber(account) then
  return { 'ABOVE', account }
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return { 'SET' }
