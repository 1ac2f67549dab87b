--[[
The jobs of a partition in the order of their ids.

KEYS[1]  string  the partition's `store`
ARGV[1]  id of the store     ARGV[2]  ids greater than this     ARGV[3]  at most so many, at most 1000
Returns  { ids, records, 1 where runs wait } | 'OTHER STORE'
--]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'OTHER STORE' end
local prefix = string.sub(KEYS[1], 1, -6)
local ids = redis.call('ZRANGEBYLEX', prefix .. 'ids', '(' .. ARGV[2], '+', 'LIMIT', 0, ARGV[3])
if #ids == 0 then return {{}, {}, {}} end
local waits = redis.call('ZMSCORE', prefix .. 'waiting', unpack(ids))
for k, at in ipairs(waits) do waits[k] = at and 1 or 0 end
return {ids, redis.call('HMGET', prefix .. 'jobs', unpack(ids)), waits}
