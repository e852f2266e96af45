-- Note whether a password was right, unless a wait runs; or only ask whether one does.
--
-- KEYS[1]  the record: n failures · at when the last one was · wait until when ·
--          known until when (0: not a device's record)
-- ARGV     now (Unix seconds), outcome ('right', 'wrong', or 'asked'), allowance, first_wait_seconds, longest_wait_seconds,
--          forget_seconds, known_seconds (0: this is no device that becomes known)
-- Answers  the seconds to wait; 0 if the outcome stands; -1 if this device is not known
local now, outcome, allowance = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local first_wait_seconds, longest_wait_seconds = tonumber(ARGV[4]), tonumber(ARGV[5])
local forget_seconds, known_seconds = tonumber(ARGV[6]), tonumber(ARGV[7])

local raw = redis.call('GET', KEYS[1])
local record = raw and cjson.decode(raw) or {n = 0, at = 0, wait = 0, known = 0}

local function keep()
  local ttl = math.ceil(math.max(record.known - now, forget_seconds))
  redis.call('SET', KEYS[1], cjson.encode(record), 'EX', ttl)
end

-- The clock stepped back: the last failure counts as made just now, or its wait would be longer than its rule.
if record.at > now then
  record.wait, record.at = record.wait - (record.at - now), now
  keep()
end

if known_seconds > 0 and record.known <= now then return -1 end
if record.wait > now then return math.ceil(record.wait - now) end
if outcome == 'asked' then return 0 end
if outcome == 'right' and known_seconds == 0 then
  redis.call('DEL', KEYS[1])
  return 0
end

if outcome == 'right' then
  record.n, record.wait, record.known = 0, 0, now + known_seconds
else
  if now - record.at >= forget_seconds then record.n = 0 end
  record.n, record.at = record.n + 1, now
  if record.n >= allowance then
    local wait = first_wait_seconds * 2 ^ (record.n - allowance)
    record.wait = now + math.min(wait, longest_wait_seconds)
  end
end
keep()
return 0
