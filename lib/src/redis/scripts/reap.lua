--[[
Ends runs whose member is gone, or which their member gives up: recorded as lost, and put down to be run again as the
next attempt where the job's `on_lost` says so; else others that follow the job are to be told (`ends`).

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger
ARGV[3]  packed: a list, each { job, run id, fence, packed outcome for the ledger }
Returns  { for each 1: it was active under its fence, and is not any more, or 0; or 'UNREADABLE ...': it was left
         alone for what cannot be read } | 'OTHER STORE'
--]]
-- include: partition
-- include: steps
-- include: ending
local ID, RUN, FENCE, RESULT = 1, 2, 3, 4
local RERUNS = 1  -- lost_action
local LOST_KIND = 4  -- outcome_kind

local function lose(step)
  local id, run_id = step[ID], step[RUN]
  local job, run = jobs[id], runs[run_id]
  if not run or run[R_JOB] ~= id or run[R_FENCE] ~= step[FENCE] then return 0 end
  if job and not is_whole(job) then return cannot_read('job', id, 'jobs') end
  local of_this_job = job and run[R_BORN] == job[BORN] and job[STATE] ~= IS_REMOVED
  -- One that was asked to stop is not begun again: nobody would ask it a second time.
  local again = of_this_job and run[R_STOP] == 0 and job[ON_LOST] == RERUNS
  write_run(id, run_id, run, step[RESULT], not again)
  if again then put_again(id, run, run[R_DUE], RERUN) end
  drop(run_id, run)
  if not job then return 1 end
  tell_change(id, job, take_number())  -- There is room, or a run that waits.
  if not of_this_job then return 1 end
  if not again then
    count(id, LOST_KIND, 1)
    if followers[id] then keep_for_followers(id, run_id, run, LOST_KIND) end
  end
  job[LAST_CLAIM], changed_jobs[id] = 0, true
  end_if_over(id)
  return 1
end

local steps = cmsgpack.unpack(ARGV[3])
read_followers(steps)
return answer_each(steps, RUN, lose)
