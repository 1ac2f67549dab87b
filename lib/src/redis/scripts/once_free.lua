--[[
Frees a key whose work has failed, or takes a waiter out of it.

KEYS     key, waiters; see prelude/once.lua
ARGV[1]  token      ARGV[2]  what channels begin with
Returns  {'released'} it was at it until now | {'left'} it was waiting | {'unknown'} neither
--]]
-- include: once
if redis.call('GET', KEYS[1]) == 'pending:' .. ARGV[1] then
  redis.call('DEL', KEYS[1])
  wake_all(ARGV[2])
  return {'released'}
end
return {redis.call('ZREM', KEYS[2], ARGV[1]) == 1 and 'left' or 'unknown'}
