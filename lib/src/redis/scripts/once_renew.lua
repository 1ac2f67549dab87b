--[[
Gives who is at a key a whole lease again. Touches nothing but its own claim: a renewal that comes late does not shorten what is done.

KEYS     key, waiters; see prelude/once.lua
ARGV[1]  token      ARGV[2]  lease in ms
Returns  {'held'} | {'lost'}
--]]
if redis.call('GET', KEYS[1]) ~= 'pending:' .. ARGV[1] then return {'lost'} end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'held'}
