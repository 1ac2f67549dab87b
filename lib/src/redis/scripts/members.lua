--[[
All members that are live; changes nothing.

KEYS[1]  hash  the namespace's `meta`; see prelude/members.lua
Returns  { 0, now in ms, { member, end of its lease, { what it says of itself } }, ... }, or { 2, now }: there is no store
--]]
-- include: members
if redis.call('EXISTS', KEYS[1]) == 0 then return {OTHER_STORE, now} end
return view(MEMBER)
