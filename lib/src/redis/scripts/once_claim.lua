--[[
Claims a key that nobody has done and nobody is at. Whoever asks again with the same token has it, with a whole lease again.

KEYS     key, waiters; see prelude/once.lua
ARGV[1]  token, 32 characters that name the channel of who asks and some of its own      ARGV[2]  lease in ms
ARGV[3]  1: tell when it is done or free; 0: do not
Returns  {'claimed', fence} | {'done', ms that it still counts} | {'pending', ms until its lease is over}
The fence is Redis's time in microseconds: greater than that of the claim before, unless Redis's clock was set back.
--]]
-- include: once
local token, lease = ARGV[1], ARGV[2]
local value = redis.call('GET', KEYS[1])
local time = redis.call('TIME')
if not value or value == 'pending:' .. token then
  redis.call('SET', KEYS[1], 'pending:' .. token, 'PX', lease)
  redis.call('ZREM', KEYS[2], token)
  return {'claimed', string.format('%.0f', time[1] * 1000000 + time[2])}
end
local left = redis.call('PTTL', KEYS[1])
if string.sub(value, 1, 8) ~= 'pending:' then return {'done', left} end
if ARGV[3] == '1' then
  redis.call('ZADD', KEYS[2], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), token)
  redis.call('PEXPIRE', KEYS[2], math.max(left, 0) + 3600000)
end
return {'pending', math.max(left, 0) + 1}
