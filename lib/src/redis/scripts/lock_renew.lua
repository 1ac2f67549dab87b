--[[
Gives a holder a whole lease again. A lease that is over is not renewed, even if nobody has taken the place yet.

KEYS     holders, fences, queue, patience of one lock; see prelude/lock.lua
ARGV[1]  token      ARGV[2]  lease in ms      ARGV[3]  how many places there are      ARGV[4]  what channels begin with
Returns  {'held', fence} | {'lost'}
--]]
-- include: lock
local token, lease, places, channels = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
if drop_expired() then wake(places, channels) end
if not redis.call('ZSCORE', holders, token) then return {'lost'} end
redis.call('ZADD', holders, whole(now + lease), token)
keep(holders, lease)
keep(fences, lease)
return {'held', redis.call('HGET', fences, token)}
