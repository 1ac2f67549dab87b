--[[
Adds a member under an id that nobody has had.

KEYS[1]  hash  the namespace's `meta`; see prelude/members.lua
ARGV[1]  id of the store     ARGV[2]  its partitions     ARGV[3]  member     ARGV[4]  length of the lease, in ms
ARGV[5...]  host, process, version, started, 1 if it takes jobs, digest of what it serves, offset of its clock in ms or ''
Returns  { 0 member | 2 other store, now in ms, { member, end of its lease, { what it says of itself } }, ... }
Sent again it renews the lease.
--]]
-- include: members
if not is_store(ARGV[1], ARGV[2]) then return {OTHER_STORE, now} end
local lease = tonumber(ARGV[4])
drop_expired(lease)
renew(ARGV[3], lease, {unpack(ARGV, 5)})
tell_change()
return view(MEMBER)
