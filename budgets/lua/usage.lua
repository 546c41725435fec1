-- usage: what an account and its keys used and may use in a month, all seen in one instant. Changes nothing.
--
-- KEYS  1 account  2 keys of the account  3 caps  4 budget   (budgets/redis_keys.py)
-- ARGV  1 month, or '' for the running one  2 key id, or '' for the whole account  3 start of the names of key hashes
--       4 start of the names of usage hashes   (both are known in full only here; same hash slot)
-- Reply {month, {name, cap, used, held of the account}, {{id, name, cap, used, held} of each key},
--       {field, count, ... of the month's usage}}   ('' is an unbounded cap)   {} is an account that nobody made
--
-- Invariant: in every reply, used of the account is the sum of the tokens in its usage.

local account, keys, caps, budget = unpack(KEYS)
local month = ARGV[1] == '' and month_of(day_of(now_ms())) or ARGV[1]
local only = ARGV[2]

local function standing(name, cap, prefix)
  local stored = redis.call('HGET', caps, cap) or '0'
  return { name, stored == 'unbounded' and '' or stored, amount(budget, prefix .. 'used'), amount(budget, prefix .. 'held') }
end

local function of_key(id)
  local name = redis.call('HGET', ARGV[3] .. id, 'name')
  if not name then
    return nil
  end
  local found = standing(name, 'key/' .. id, month .. '/' .. id .. '/')
  table.insert(found, 1, id)
  return found
end

local function of_keys()
  local found = {}
  for _, id in ipairs(only ~= '' and { only } or redis.call('SMEMBERS', keys)) do
    found[#found + 1] = of_key(id)
  end
  return found
end

local function counts()
  local stored = redis.call('HGETALL', ARGV[4] .. month)
  if only == '' then
    return stored
  end
  local own = {}
  for i = 1, #stored, 2 do
    if stored[i]:find('/' .. only .. '/', 11, true) == 11 then
      own[#own + 1] = stored[i]
      own[#own + 1] = stored[i + 1]
    end
  end
  return own
end

local name = redis.call('HGET', account, 'name')
return name and { month, standing(name, 'account', month .. '/'), of_keys(), counts() } or {}
