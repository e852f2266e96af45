-- A token was accepted that Redis does not know as seen: its generation is current and new, or a failover
-- rolled Redis back behind it. The MAC proves that we issued it, so the record is brought up to it.
--
-- KEYS[1]  the session's record (see live.py)
-- ARGV     generation, expires_at, now (Unix seconds)
-- Answers  1, or 0 if the session has ended or was rotated meanwhile
local generation, expires_at, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local raw = redis.call('GET', KEYS[1])
if not raw then return 0 end
local record = cjson.decode(raw)

-- No expiry is beyond the session's end (m): we never issued such a token, so whoever shows one has
-- SECRET_KEY, and gets no session for ever.
if generation < record.g or expires_at > record.m then return 0 end

if generation > record.g then
  record.g, record.e, record.r = generation, expires_at, now
end
record.s = 1

local ttl = math.max(redis.call('TTL', KEYS[1]), expires_at - now, 1) -- it never shrinks
redis.call('SET', KEYS[1], cjson.encode(record), 'EX', ttl)
return 1
