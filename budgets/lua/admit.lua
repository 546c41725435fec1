-- admit: hold a request's worst case and give it one of its key's places, or say why not.
--
-- KEYS  1 account  2 key  3 caps  4 budget  5 request  6 open  7 slots  8 queue  9 waiting   (budgets/redis_keys.py)
-- ARGV  1 request id  2 key id  3 hold, tokens  4 prompt, tokens  5 model  6 workload, or ''  7 lease, ms
--       8 waiter's lease, ms  9 places of a key that has no own number  10 longest queue of such a key
-- Reply {'GRANTED', day, cap, used, held of the key, cap, used, held of the account}   ('' is an unbounded cap)
--       {'QUEUED', how many are ahead}   ask again within the waiter's lease
--       {'REFUSED', 'paused' | 'revoked' | 'expired' | 'disabled' | 'unknown'}
--       {'EXCEEDED' | 'RESERVED', 'key' | 'account', day, cap, used, held}
--       {'FULL', queue's bound}   {'ENDED', state}   {'MISMATCH'}
--
-- Invariant: after GRANTED, used + held <= cap for key and account, and the key has at most its places in
-- unexpired leases. Nothing else changes the budget. The same call twice is one grant, on which one lease runs, also
-- when the key was paused between them: its hold is real, and its next heartbeat ends it.

local now = now_ms()
local account, key, caps, budget, record, open, slots, queue, waiting = unpack(KEYS)
local request = { id = ARGV[1], key = ARGV[2], hold = ARGV[3], prompt = ARGV[4], model = ARGV[5], workload = ARGV[6] }
request.day = day_of(now)
local line = redis.call('ZCARD', queue) > 0 -- mostly nobody waits, and nothing has to be asked about those who do

local function granted(day)
  return room(caps, budget, request.key, day)
end

local function known_already()
  local was = hash(record)
  if not was.state then
    return nil
  elseif not LIVE[was.state] then
    return { 'ENDED', was.state }
  end
  return (was.key == request.key and was.hold == request.hold) and granted(was.day) or { 'MISMATCH' }
end

local function leave(id)
  redis.call('ZREM', queue, id)
  redis.call('ZREM', waiting, id)
end

local function leave_queue()
  if line then
    leave(request.id)
  end
end

-- On every call, so that steady traffic frees the places of the vanished. Whoever asks is alive.
local function purge()
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
  if not line then
    return
  end
  redis.call('ZADD', waiting, 'XX', now + ARGV[8], request.id)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', waiting, '-inf', now)) do
    leave(gone)
  end
end

-- Of the key: its places, and how long its queue may be.
local function limits()
  local own = redis.call('HMGET', caps, 'places/' .. request.key, 'queue/' .. request.key)
  return tonumber(own[1] or ARGV[9]), tonumber(own[2] or ARGV[10])
end

-- A ticket is one more than the last in the line, never a time: two clocks cannot disagree about it.
local function enqueue()
  local last = redis.call('ZRANGE', queue, -1, -1, 'WITHSCORES')
  redis.call('ZADD', queue, (tonumber(last[2]) or 0) + 1, request.id)
  redis.call('ZADD', waiting, now + ARGV[8], request.id)
end

local function must_wait()
  local rank = line and redis.call('ZRANK', queue, request.id)
  local length = line and redis.call('ZCARD', queue) or 0
  local ahead, places, bound = rank or length, limits()
  if ahead < places - redis.call('ZCARD', slots) then
    return nil
  elseif not rank and length >= bound then
    return { 'FULL', bound }
  elseif not rank then
    enqueue()
  end
  return { 'QUEUED', ahead }
end

local answer = known_already()
if answer then
  return answer
end
purge()
answer = refusal(account, key, caps, budget, request, now)
if answer then
  leave_queue()
  return answer
end
answer = must_wait()
if answer then
  return answer
end
leave_queue()
hold(budget, record, open, slots, request, now + ARGV[7])
return granted(request.day)
