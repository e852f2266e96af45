-- Note whether a password was right, unless a wait runs.
--
-- KEYS[1]  the record: n failures · at when the last one was · wait until when ·
--          known until when (0: not a device's record)
-- ARGV     now (Unix seconds), succeeded ('1' or '0'), allowance, first_wait_seconds, longest_wait_seconds,
--          forget_seconds, known_seconds (0: this is no device that becomes known)
-- Answers  the seconds to wait; 0 if the outcome stands; -1 if this device is not known
local now, succeeded, allowance = tonumber(ARGV[1]), ARGV[2] == '1', tonumber(ARGV[3])
local first_wait_seconds, longest_wait_seconds = tonumber(ARGV[4]), tonumber(ARGV[5])
local forget_seconds, known_seconds = tonumber(ARGV[6]), tonumber(ARGV[7])

local raw = redis.call('GET', KEYS[1])
local record = raw and cjson.decode(raw) or {n = 0, at = 0, wait = 0, known = 0}

if known_seconds > 0 and record.known <= now then return -1 end
if record.wait > now + longest_wait_seconds then record.wait = 0 end -- from before the clock stepped back
if record.wait > now then return math.ceil(record.wait - now) end
if succeeded and known_seconds == 0 then
  redis.call('DEL', KEYS[1])
  return 0
end

if succeeded then
  record.n, record.wait, record.known = 0, 0, now + known_seconds
else
  if now - record.at >= forget_seconds then record.n = 0 end
  record.n, record.at = record.n + 1, now
  if record.n >= allowance then
    local wait = first_wait_seconds * 2 ^ (record.n - allowance)
    record.wait = now + math.min(wait, longest_wait_seconds)
  end
end
local ttl = math.ceil(math.max(record.known - now, forget_seconds))
redis.call('SET', KEYS[1], cjson.encode(record), 'EX', ttl)
return 0
