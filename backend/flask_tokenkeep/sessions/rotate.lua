-- Refresh: replace the current generation by the next. In one step that requires the record to exist, so
-- nothing can bring an ended session back.
--
-- KEYS[1]  the session's record (see live.py)
-- ARGV     generation, expires_at, now, token_seconds, idle_seconds, grace_seconds, bound ('1' or '0')
-- Answers  {outcome, generation, expires_at}: 'rotated'; 'same', the successor that was issued before;
--          'invalid'; 'reused', a replay; 'ended', after which the record is gone
local generation, expires_at, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local token_seconds, idle_seconds = tonumber(ARGV[4]), tonumber(ARGV[5])
local grace_seconds, bound = tonumber(ARGV[6]), ARGV[7] == '1'

local function ended()
  redis.call('DEL', KEYS[1])
  return {'ended', 0, 0}
end

local raw = redis.call('GET', KEYS[1])
if not raw then return {'ended', 0, 0} end
local record = cjson.decode(raw)

if expires_at > record.m then return {'invalid', 0, 0} end -- we never issued that: see observe.lua

if generation > record.g then -- a failover rolled Redis back: brought up to what we did issue
  record.g, record.e, record.r = generation, expires_at, math.max(record.r, expires_at - token_seconds)
end

if record.m <= now or record.r + idle_seconds <= now then return ended() end

local current = generation == record.g
if bound then
  -- Its key was proved, so an old token is a lost answer or a tab that slept, never a thief's.
  current = current or record.e <= now
else
  if record.e <= now then return ended() end
  local predecessor = generation == record.g - 1
  if not current and not (predecessor and (record.s == 0 or now < record.r + grace_seconds)) then
    return {'reused', 0, 0} -- it ends together with its entry in the ledger: see sessions.py
  end
  if expires_at <= now then return {'invalid', 0, 0} end
end
if not current then return {'same', record.g, record.e} end

record.g, record.e = record.g + 1, math.min(now + token_seconds, record.m)
record.r, record.s = now, 0
local ttl = math.max(math.min(idle_seconds, record.m - now), record.e - now, 1)
redis.call('SET', KEYS[1], cjson.encode(record), 'EX', ttl)
return {'rotated', record.g, record.e}
