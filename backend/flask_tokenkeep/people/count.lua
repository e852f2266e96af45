-- Count one try, if the rate still allows it. No wait is longer than the period, whatever the clock did.
--
-- KEYS[1]  the times of the last tries, newest first
-- ARGV     now (Unix seconds), amount, period_seconds
-- Answers  the seconds to wait; 0 if this try was within the rate, and is counted
local now, amount, period_seconds = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

-- The clock stepped back: tries that now lie ahead of it count as made just now.
local newest = redis.call('LINDEX', KEYS[1], 0)
if newest and tonumber(newest) > now then
  for index, at in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
    if tonumber(at) > now then redis.call('LSET', KEYS[1], index - 1, ARGV[1]) end
  end
end

local oldest = redis.call('LINDEX', KEYS[1], amount - 1)
local wait = oldest and oldest + period_seconds - now or 0
if wait > 0 then return math.ceil(wait) end

redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], 0, amount - 1)
redis.call('EXPIRE', KEYS[1], period_seconds)
return 0
