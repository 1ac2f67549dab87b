--[[
Marks a key as done. Also when the lease had run out, if nobody has taken the key since; never over the claim or the work of another.
Said again with the same token it is done already, and its time is not prolonged.

KEYS     key, waiters; see prelude/once.lua
ARGV[1]  token      ARGV[2]  for how long it counts, in ms      ARGV[3]  what channels begin with
Returns  {'done'} | {'lost', value of the other}
--]]
-- include: once
local value = redis.call('GET', KEYS[1])
if value == 'done:' .. ARGV[1] then return {'done'} end
if value and value ~= 'pending:' .. ARGV[1] then return {'lost', value} end
redis.call('SET', KEYS[1], 'done:' .. ARGV[1], 'PX', ARGV[2])
wake_all(ARGV[3])
return {'done'}
