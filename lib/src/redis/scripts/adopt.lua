--[[
Makes a partition one of a store, unless it belongs to a later one.

KEYS[1]  string  the partition's `store`     ARGV[1]  id of the store
Returns  the id of the store to which it now belongs
--]]
local there = redis.call('GET', KEYS[1])
if there and tonumber(there) >= tonumber(ARGV[1]) then return there end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
