--[[
Removes a member.

KEYS[1]  hash  the namespace's `meta`; see prelude/members.lua     ARGV[1]  member
Returns  1, or 0: it was none
--]]
-- include: members
redis.call('DEL', prefix .. 'member:' .. ARGV[1])
tell_change()
return redis.call('ZREM', prefix .. 'members', ARGV[1])
