-- The one clock: Redis's own, in milliseconds. Every script begins with this file and common.lua.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
