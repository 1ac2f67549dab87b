--[[
Gives back what a token holds, or takes it out of the queue, and tells the next waiters.

KEYS     holders, fences, queue, patience of one lock; see prelude/lock.lua
ARGV[1]  token      ARGV[2]  how many places there are      ARGV[3]  what channels begin with
Returns  {'released'} it held the lock until now | {'left'} it was waiting | {'unknown'} neither: its lease is over, or it has left before
--]]
-- include: lock
local token, places, channels = ARGV[1], tonumber(ARGV[2]), ARGV[3]
drop_expired()
local released = remove_holder(token)
local left = remove_waiter(token)
wake(places, channels)
return {released and 'released' or left and 'left' or 'unknown'}
