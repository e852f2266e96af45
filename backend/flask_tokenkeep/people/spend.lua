-- Spend a one-time code. Not GETDEL: the key says whose code it is, not which, so a wrong one would burn the
-- right one. Compare, then take, in one step: of twenty at once one is first. The winner's own repetition is
-- told from all others by the body that it came with.
--
-- KEYS[1]  the code's record (see codes.py)
-- ARGV     digest, body, now (Unix seconds), repeat_seconds
-- Answers  1, or 0 if it is wrong, has expired or was spent with another body
local digest, body = ARGV[1], ARGV[2]
local now, repeat_seconds = tonumber(ARGV[3]), tonumber(ARGV[4])

local raw = redis.call('GET', KEYS[1])
if not raw then return 0 end
local record = cjson.decode(raw)
if record.d ~= digest or record.e <= now then return 0 end
if record.b ~= '' and record.b ~= body then return 0 end

if record.b == '' then
  record.b, record.e = body, now + repeat_seconds
end
redis.call('SET', KEYS[1], cjson.encode(record), 'EX', repeat_seconds)
return 1
