--[[
The ends of runs of which their followers are to be told, the oldest first, at most 100.

KEYS[1]  string  the partition's `store`
ARGV[1]  id of the store     ARGV[2]  drop those up to this number first, or ''
Returns  { { number, job, run id, outcome kind, occurrence, { follower, ... } } packed, ... } | 'OTHER STORE'
--]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'OTHER STORE' end
local key = string.sub(KEYS[1], 1, -6) .. 'ends'
if ARGV[2] ~= '' then redis.call('ZREMRANGEBYSCORE', key, '-inf', ARGV[2]) end
return redis.call('ZRANGE', key, 0, 99)
