-- What the money movements share. Amounts are whole tokens below 10^15, so sums of three stay exact in a double;
-- times are milliseconds. Numbers go to Redis as arguments, never through `..`, which would round them to 14 digits.

local LIVE = { open = true, orphaned = true } -- the states that hold budget

-- The UTC day of a time, YYYY-MM-DD: H. Hinnant's civil_from_days, because Redis gives scripts no os.date.
local function day_of(ms)
  local z = math.floor(ms / 86400000) + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02d', year, month, doy - math.floor((153 * mp + 2) / 5) + 1)
end

local function month_of(day)
  return day:sub(1, 7)
end

-- A hash as a table; {} where there is none.
local function hash(key)
  local stored, fields = redis.call('HGETALL', key), {}
  for i = 1, #stored, 2 do
    fields[stored[i]] = stored[i + 1]
  end
  return fields
end

local function amount(key, field)
  return tonumber(redis.call('HGET', key, field) or 0)
end

-- Why a key may not be used now; nil where it may. A record that is missing was never made, or is lost: no.
local function unusable(account, key, now)
  local owner, stored = redis.call('HGET', account, 'state'), redis.call('HMGET', key, 'state', 'expires')
  local state, expires = stored[1], tonumber(stored[2] or '')
  if not owner or not state then
    return 'unknown'
  elseif state == 'revoked' then
    return state
  elseif expires and now >= expires * 1000 then
    return 'expired'
  elseif owner ~= 'active' then
    return owner
  elseif state ~= 'active' then
    return state
  end
end

-- Name, cap, used and held of the key and of its account in the month of that day. Two calls, because a call costs more than
-- a field.
local function balances(caps, budget, key, day)
  local whole = month_of(day) .. '/'
  local own = whole .. key .. '/'
  local limits = redis.call('HMGET', caps, 'key/' .. key, 'account')
  local sums = redis.call('HMGET', budget, own .. 'used', own .. 'held', whole .. 'used', whole .. 'held')
  local function balance(name, nth)
    local cap = limits[nth] or '0' -- no cap was ever set: nothing is allowed
    return { name, cap == 'unbounded' and '' or cap, tonumber(sums[2 * nth - 1] or 0), tonumber(sums[2 * nth] or 0) }
  end
  return balance('key', 1), balance('account', 2)
end

-- The reply that says what there is: cap, used and held of the key and of the account.
local function room(caps, budget, key, day)
  local own, account = balances(caps, budget, key, day)
  return { 'GRANTED', day, own[2], own[3], own[4], account[2], account[3], account[4] }
end

-- Why a request may not be held; nil where it may. `held` counts only in the second look: "never" must win over
-- "not now", whichever scope says it.
local function refusal(account, key, caps, budget, request, now)
  local state = unusable(account, key, now)
  if state then
    return { 'REFUSED', state }
  end
  local own, whole = balances(caps, budget, request.key, request.day)
  for _, status in ipairs({ 'EXCEEDED', 'RESERVED' }) do
    for _, b in ipairs({ own, whole }) do
      local taken = b[3] + (status == 'RESERVED' and b[4] or 0)
      if b[2] ~= '' and taken + request.hold > tonumber(b[2]) then
        return { status, b[1], request.day, b[2], b[3], b[4] }
      end
    end
  end
end

-- How a live request is named in the open set: whoever sweeps it then knows every key it needs.
local function open_name(request)
  return request.day .. '/' .. request.key .. '/' .. request.id
end

-- Adds to `used` or `held` of the account and of the key, always both.
local function move(budget, request, what, tokens)
  local month = month_of(request.day)
  redis.call('HINCRBY', budget, month .. '/' .. what, tokens)
  redis.call('HINCRBY', budget, month .. '/' .. request.key .. '/' .. what, tokens)
end

local function hold(budget, record, open, slots, request, deadline)
  move(budget, request, 'held', request.hold)
  redis.call('HSET', record, 'state', 'open', 'key', request.key, 'day', request.day, 'hold', request.hold,
    'model', request.model, 'workload', request.workload, 'prompt', request.prompt, 'done', 0)
  redis.call('ZADD', open, deadline, open_name(request))
  redis.call('ZADD', slots, deadline, request.id)
end

local function count(usage, request, what, change)
  if change ~= 0 then
    redis.call('HINCRBY', usage, request.day .. '/' .. request.key .. '/' .. what .. '/' .. request.model, change)
  end
end

-- Usage changes by what the charge is now less what it was: a correction is the same movement as a first charge. The
-- workload is the admission's, as long as that is remembered, so that it is the same in both.
local function charge(budget, usage, request, was, charged)
  local tokens, workload = 0, was.workload or request.workload
  for _, what in ipairs({ 'prompt_tokens', 'completion_tokens', 'requests', 'errors' }) do
    local change = charged[what] - (tonumber(was[what]) or 0)
    count(usage, request, what, change)
    tokens = tokens + (what:find('_tokens', 1, true) and change or 0)
    if what == 'requests' and workload ~= '' then
      count(usage, request, workload .. '_requests', change)
    end
  end
  move(budget, request, 'used', tokens)
  return tokens
end

-- Ends a request for ever: its hold and its slot are free, and a tombstone answers what still arrives.
local function close(budget, record, open, slots, request, was, state, charged, tombstone)
  if LIVE[was.state] then
    move(budget, request, 'held', -was.hold)
  end
  redis.call('ZREM', open, open_name(request))
  redis.call('ZREM', slots, request.id)
  redis.call('HSET', record, 'state', state, 'key', request.key, 'day', request.day, 'hold', request.hold,
    'prompt_tokens', charged.prompt_tokens, 'completion_tokens', charged.completion_tokens,
    'requests', charged.requests, 'errors', charged.errors)
  redis.call('PEXPIRE', record, tombstone)
end
