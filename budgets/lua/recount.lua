-- recount: what `used` and `held` ought to be, from the usage and from the live requests; mends them if asked to.
--
-- KEYS  1 budget  2 open  3.. usage of each month, then the slots of each key   (budgets/redis_keys.py)
-- ARGV  1 'look' or 'mend'  2 start of the names of request hashes (their ids are known only here; same hash slot)
--       3 grace, ms  4 how many months  5.. the months
-- Reply one sentence for each fault; none is what it should be
--
-- Invariant: after 'mend', used = sum of usage and held = sum of the holds of live requests, of each key and month,
-- and the account's are the sums over its keys.

local budget, open, now, faults, truth = KEYS[1], KEYS[2], now_ms(), {}, {}

local function fault(...)
  faults[#faults + 1] = string.format(...)
end

local function count(month, key, what, tokens)
  for _, field in ipairs({ month .. '/' .. what, month .. '/' .. key .. '/' .. what }) do
    truth[field] = (truth[field] or 0) + tokens
  end
end

local function count_usage(month, usage)
  for field, tokens in pairs(hash(usage)) do
    local key, what = field:match('^[^/]+/([^/]+)/([^/]+)/')
    if what == 'prompt_tokens' or what == 'completion_tokens' then
      count(month, key, 'used', tokens)
    end
  end
end

local function count_request(name, deadline)
  local day, key, id = name:match('^([^/]+)/([^/]+)/(.+)$')
  local request = hash(ARGV[2] .. id)
  if not LIVE[request.state] then
    fault('request %s is in the open set but is %s', id, request.state or 'unknown')
  elseif deadline + ARGV[3] < now then
    fault('request %s should have been reaped %.0f ms ago', id, now - deadline)
  end
  count(month_of(day), key, 'held', request.hold or 0)
end

local function names_of_live()
  local live, stored = {}, redis.call('ZRANGE', open, 0, -1, 'WITHSCORES')
  for i = 1, #stored, 2 do
    live[stored[i]:match('[^/]+$')] = true
    count_request(stored[i], stored[i + 1])
  end
  return live
end

local function check_slots(slots, live)
  for _, id in ipairs(redis.call('ZRANGE', slots, 0, -1)) do
    if not live[id] then
      fault('request %s has a place but is not open', id)
    end
  end
end

local function compare(field, has)
  local should = truth[field] or 0
  if field:find('/over$') then
    fault('%s: %s tokens were charged above their holds', field, has)
  elseif tonumber(has) ~= should then
    fault('%s is %s and should be %.0f', field, has, should)
  end
  if ARGV[1] == 'mend' and not field:find('/over$') then
    redis.call('HSET', budget, field, should)
  end
end

local months = tonumber(ARGV[4])
for i = 1, months do
  count_usage(ARGV[4 + i], KEYS[2 + i])
end
local live, stored = names_of_live(), hash(budget)
for i = 3 + months, #KEYS do
  check_slots(KEYS[i], live)
end
for field in pairs(truth) do
  stored[field] = stored[field] or '0'
end
for field, has in pairs(stored) do
  compare(field, has)
end
return faults
