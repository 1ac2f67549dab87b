--[[
What a run has returned.

KEYS[1]  string  the partition's `store`
ARGV[1]  id of the store     ARGV[2]  run id
Returns  { JSON, or nil: nothing, or it is not kept any more } | 'OTHER STORE'
--]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'OTHER STORE' end
return {redis.call('GET', string.sub(KEYS[1], 1, -6) .. 'result:' .. ARGV[2])}
