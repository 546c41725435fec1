-- key: make a key or change it, its cap and its limits with it, all in one step.
--
-- KEYS  1 account  2 key  3 keys of the account  4 caps   (budgets/redis_keys.py)
-- ARGV  1 'make' or 'change'  2 key id  3 the most keys there may be after 'make', '' for any number  4 what the account's keys
--       begin with  5 how many fields of caps  6.. these and their values: key/KEYID tokens or 'unbounded'; places/KEYID,
--       queue/KEYID how many; then the fields of the key and their values
-- Reply {'STORED'}   {'ABOVE', the account's cap}   {'UNKNOWN', 'account' | 'key'}   {'REVOKED'}   {'FULL'}
--
-- Invariant: no key is given a cap above its account's, and a key that is known has a cap. A key that was revoked never
-- changes again. No more keys are made than may open anything. Unless STORED nothing has changed.

local account, key, keys, caps = unpack(KEYS)
local state, own = redis.call('HGET', key, 'state'), 'key/' .. ARGV[2]

local function cap_is_above(total)
  for i = 6, 5 + 2 * ARGV[5], 2 do
    if ARGV[i] == own and ARGV[i + 1] ~= 'unbounded' and tonumber(ARGV[i + 1]) > tonumber(total) then
      return true
    end
  end
end

-- Revoked and expired keys are no burden.
local function is_live(id, now)
  local stored = redis.call('HMGET', ARGV[4] .. id, 'state', 'expires')
  return stored[1] and stored[1] ~= 'revoked' and not (tonumber(stored[2] or '') and now >= tonumber(stored[2]) * 1000)
end

local function is_full()
  local live, now = 0, now_ms()
  for _, id in ipairs(redis.call('SMEMBERS', keys)) do
    live = live + (is_live(id, now) and 1 or 0)
  end
  return live >= tonumber(ARGV[3])
end

local function store(into, first, last)
  for i = first, last, 2 do
    redis.call('HSET', into, ARGV[i], ARGV[i + 1])
  end
end

if redis.call('EXISTS', account) == 0 then
  return { 'UNKNOWN', 'account' }
elseif ARGV[1] == 'change' and not state then
  return { 'UNKNOWN', 'key' }
elseif state == 'revoked' then
  return { 'REVOKED' }
elseif ARGV[1] == 'make' and ARGV[3] ~= '' and is_full() then
  return { 'FULL' }
end
local total = redis.call('HGET', caps, 'account') or '0'
if cap_is_above(total) then
  return { 'ABOVE', total }
end
store(caps, 6, 5 + 2 * ARGV[5])
store(key, 6 + 2 * ARGV[5], #ARGV)
redis.call('SADD', keys, ARGV[2])
return { 'STORED' }
