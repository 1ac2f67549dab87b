--[[
Removes a job, what waits of it and its counters; or leaves a record that says that it was removed. Its active runs
stay, and count against a job of that id that is added again.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger
ARGV[3]  packed: { job, expected revision or false, 1 if a record is to stay }
Returns  { 0 done | 1 conflict | 2 gone } | 'UNREADABLE ...': what cannot be read, nothing was done | 'OTHER STORE'
Sent again it answers gone.
--]]
-- include: partition
local DONE, CONFLICT, GONE = 0, 1, 2
local id, expected, tombstone = unpack(cmsgpack.unpack(ARGV[3]))

local function leave_record(job)
  drop_waiting(id, 'removed')
  job[STATE], job[CURSOR], job[DELAY], job[SKIP_NEXT] = IS_REMOVED, false, 0, 0
  job[SUCCEEDED], job[IN_A_ROW] = 0, 0
  for field = FAILED, COALESCED do job[field] = 0 end
  notes[id], skips[id], carried[id], follows[id] = '', '', '', {}
  job[REVISION] = take_number()
  changed_jobs[id], changed_due[id] = true, true
end

read_jobs({id})
read_waiting({id})
local job = jobs[id]
if unreadable and unreadable['job ' .. id] or job and not is_whole(job) then return cannot_read('job', id, 'jobs') end
if not job or (tombstone == 1 and job[STATE] == IS_REMOVED) then return {GONE} end
if expected and expected ~= job[REVISION] then return {CONFLICT} end
if tombstone == 1 then leave_record(job) else forget(id) end
tell_change(id, job, take_number(), IS_REMOVED)
write_all()
return {DONE}
