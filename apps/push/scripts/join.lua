--[[
Makes an instance one of its service for a while, or says who runs the service otherwise. All that live run it by one definition;
when none lives, the next to come says how it is run.

KEYS[1]  sorted set  the instances: token -> until when, in ms of this server's clock      KEYS[2]  hash  how they run it
ARGV[1]  this instance      ARGV[2]  how it runs the service, a text      ARGV[3]  lease in ms
ARGV[4]  how late and       ARGV[5]  how early a push may go out, in ms      ARGV[6]  1: it renews its lease
Returns  { 1: it is one of them, 0: others run it otherwise, or have run it so since it was heard of; how many others there are; how
           they run it; until when, in ms, earlier definitions have seen to what was due; until when somebody lived, 0: nobody yet;
           now; how late, in ms, what is due before the fourth may still go out: as late as the marks of then allow }
--]]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local others = redis.call('ZCARD', KEYS[1]) - (redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0)
local was = redis.call('HMGET', KEYS[2], 'how', 'grace', 'lookahead', 'alive', 'reach', 'reach_grace')
local reach, reach_grace = tonumber(was[5] or 0), tonumber(was[6] or ARGV[4])
if was[1] ~= ARGV[2] then
  if was[1] and (others > 0 or ARGV[6] == '1') then
    redis.call('ZREM', KEYS[1], ARGV[1])
    return {0, others, was[1], 0, tonumber(was[4] or 0), now, 0}
  end
  -- What was marked by a shorter grace is marked no more where a longer one would look: it would be sent again.
  local grace = tonumber(was[2] or ARGV[4])
  if grace < tonumber(ARGV[4]) then
    local is_over = reach <= now - ARGV[4]
    reach_grace = is_over and grace or math.min(reach_grace, grace)
    reach = math.max(reach, (was[4] or now) + was[3])
  end
  redis.call('HSET', KEYS[2], 'how', ARGV[2], 'grace', ARGV[4], 'lookahead', ARGV[5], 'reach', string.format('%d', reach),
    'reach_grace', string.format('%d', reach_grace))
end
redis.call('HSET', KEYS[2], 'alive', string.format('%d', now))
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], string.format('%d', math.max(redis.call('PTTL', KEYS[1]), ARGV[3])))
return {1, others, ARGV[2], reach, tonumber(was[4] or 0), now, reach_grace}
