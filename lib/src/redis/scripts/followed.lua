--[[
Jobs of a partition that others follow and that are not there. Changes nothing.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  not used     ARGV[3]  cursor: 0, then what was answered
Returns  { cursor to go on with, or '0', { job, follower, ... } } | 'OTHER STORE'
--]]
-- include: partition
local page = redis.call('HSCAN', prefix .. 'followers', ARGV[3], 'COUNT', 100)
local missing = {}
for k = 1, #page[2], 2 do
  local id = page[2][k]
  local text = redis.call('HGET', prefix .. 'jobs', id)
  local fine, job = pcall(job_in, text or '')
  local fits, list = pcall(cmsgpack.unpack, page[2][k + 1])
  if fits and (not text or fine and job[STATE] == IS_REMOVED) then
    for at = 1, #list, 3 do
      missing[#missing + 1] = id
      missing[#missing + 1] = list[at]
    end
  end
end
return {page[1], missing}
