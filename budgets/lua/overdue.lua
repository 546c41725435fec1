-- overdue: which requests of an account have let their lease run out, oldest first. Changes nothing.
--
-- KEYS  1 open   (budgets/redis_keys.py)
-- ARGV  1 at most this many
-- Reply their names in the open set: DAY/KEYID/REQUESTID

return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms(), 'LIMIT', 0, ARGV[1])
