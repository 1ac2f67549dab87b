--[[
Takes back runs that were won and must not start, for too few replicas have heard of them: each waits again, as the
attempt that it was.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger
ARGV[3]  packed: a list, each { job, run id, fence, when it is to be taken again, packed outcome for the ledger }
Returns  for each when the earliest waiting run of its job is to be taken, or nil, or 'UNREADABLE ...': what cannot be
         read, nothing was done | 'OTHER STORE'
Sent again it changes nothing.
--]]
-- include: partition
-- include: steps
local ID, RUN, FENCE, AGAIN_AT, RESULT = 1, 2, 3, 4, 5

local function postpone(step)
  local id, run_id = step[ID], step[RUN]
  local job, run = jobs[id], runs[run_id]
  if not run or run[R_JOB] ~= id or run[R_FENCE] ~= step[FENCE] then return waiting[id] end
  local of_this_job = job and run[R_BORN] == job[BORN] and job[STATE] ~= IS_REMOVED
  write_run(id, run_id, run, step[RESULT], not of_this_job)
  drop(run_id, run)
  if not of_this_job then return false end
  local was_taken = run[R_TAKEN] == 1
  local why, planned_as = was_taken and run[R_WHY] or QUEUED, was_taken and '' or run_id
  wait_until(id, step[AGAIN_AT],
    {run[R_DUE], run[R_OCCURRENCE], run[R_ATTEMPT], why, run[R_EXTRA], planned_as, '', run[R_REVISION], run[R_FOLLOWS]})
  return waiting[id]
end

return answer_each(cmsgpack.unpack(ARGV[3]), RUN, postpone)
