--[[
Has the ends of a job kept for another that follows it, or no more. The job need not be there.

KEYS[1]  string  the partition's `store`
ARGV[1]  id of the store     ARGV[2]  the job     ARGV[3]  the follower
ARGV[4]  ends_mask: kept from now on; '': not kept any more, if that was said more than an hour ago
Returns  { 1: it is so, or 0 } | 'OTHER STORE'
What was asked for within the last hour stays, too: the follower may just be being added or changed.
--]]
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'OTHER STORE' end
local key, job, follower, ends = string.sub(KEYS[1], 1, -6) .. 'followers', ARGV[2], ARGV[3], tonumber(ARGV[4])
local HOUR = 3600000000
local fine, list = pcall(cmsgpack.unpack, redis.call('HGET', key, job) or '')
if not fine or type(list) ~= 'table' then list = {} end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local at = #list + 1
for k = 1, #list, 3 do
  if list[k] == follower then at = k end
end
local is_new = not list[at] or list[at + 2] + HOUR > now
if ends then
  list[at + 1] = bit.bor(is_new and list[at + 1] or 0, ends)
  list[at], list[at + 2] = follower, now
else
  if is_new then return {0} end
  for _ = 1, 3 do table.remove(list, at) end
end
if #list == 0 then redis.call('HDEL', key, job) else redis.call('HSET', key, job, cmsgpack.pack(list)) end
return {1}
