--[[
Ends runs, each by itself: takes it out of the active ones, writes the ledger, counts, puts down a retry, moves a job
on that waits for its run, pauses one by `pause_after`, removes one that is over. Of a job that was removed, or is
another by now, only the ledger is written.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger
ARGV[3]  packed: a list of ends, each
         { job, born or 0, run id, fence, retry at or false, outcome kind, message, packed outcome for the ledger,
           false or { expected revision, next cursor or false, its delay } }, and of a run that leaves data also
         what it returned or '', for how many ms that is kept, what its job carries from now on or false ('': nothing)
Returns  for each { 0 done or 1 stale, next waiting or nil, 1 if this paused the job, 1 if it removed it,
         1 if others follow it and are to be told (`ends`) }, or 'UNREADABLE ...': what cannot be read, nothing was
         done | 'OTHER STORE'
Sent again it answers the same, until another run of the job has ended (as many as may be active, at most 8), or,
where the job is gone, for an hour. Stale: no such run is active under this fence, and nothing is changed.
--]]
-- include: partition
-- include: steps
-- include: ending
local ID, OF_BORN, RUN, FENCE, RETRY_AT, KIND, MESSAGE, RESULT, DELAY_MOVE = 1, 2, 3, 4, 5, 6, 7, 8, 9
local VALUE, KEEP_VALUE, CARRY = 10, 11, 12
local DONE, STALE = 0, 1

-- A finish whose answer was lost is sent again.
local function finish_again(step)
  local id, job = step[ID], jobs[step[ID]]
  local last = job and job[LAST_ENDS] or {}
  local followed
  for k = 1, #last, 2 do
    if last[k] == step[FENCE] then followed = last[k + 1] end
  end
  followed = followed or tonumber(redis.call('GET', prefix .. 'ended:' .. digits(step[FENCE])) or nil)
  if not followed then return {STALE, false, 0, 0, 0} end
  return {DONE, job and waiting[id], followed == PAUSED_IT and 1 or 0, followed == REMOVED_IT and 1 or 0,
    redis.call('EXISTS', prefix .. 'ends')}
end

-- The end of a run whose job has been removed since.
local function finish_of_another(step, run, job)
  local id = step[ID]
  write_run(id, step[RUN], run, step[RESULT], true, step[VALUE])
  drop(step[RUN], run)
  remember('ended:' .. digits(step[FENCE]), 0)
  if job then tell_change(id, job, take_number()) end  -- There is room for it now.
  return {DONE, job and waiting[id], 0, 0, 0}
end

local function follow_delay(id, job, move)
  if not move or job[STATE] ~= IS_ACTIVE or job[CURSOR] or job[REVISION] ~= move[1] then return end
  job[CURSOR], job[DELAY], changed_due[id] = move[2], move[3], true
  if not move[2] then job[STATE] = HAS_ENDED end
end

local function keep_data(id, run_id, step)
  if step[CARRY] then carried[id] = step[CARRY] end
  if step[VALUE] ~= '' and step[KEEP_VALUE] > 0 then results[run_id] = {step[VALUE], step[KEEP_VALUE]} end
end

local function answer_to(step)
  local id, run_id = step[ID], step[RUN]
  local job, run = jobs[id], runs[run_id]
  if not run or run[R_JOB] ~= id then return finish_again(step) end
  if run[R_FENCE] ~= step[FENCE] then return {STALE, false, 0, 0, 0} end
  -- Most runs end well, and then what a fire does not need of the job stays packed.
  local ends_well = step[KIND] == 0 and not step[RETRY_AT] and not step[DELAY_MOVE] and job and job[STATE] == IS_ACTIVE
  if not ends_well and job and not is_whole(job) then return cannot_read('job', id, 'jobs') end
  if not job or run[R_BORN] ~= job[BORN] or job[STATE] == IS_REMOVED then return finish_of_another(step, run, job) end

  write_run(id, run_id, run, step[RESULT], not step[RETRY_AT], step[VALUE])
  if step[VALUE] then keep_data(id, run_id, step) end
  if step[RETRY_AT] then
    put_again(id, run, step[RETRY_AT], RETRY)
    job[RETRIED] = job[RETRIED] + 1
  end
  local has_followers = not step[RETRY_AT] and followers[id] and keep_for_followers(id, run_id, run, step[KIND])
  drop(run_id, run)
  changed_jobs[id] = true
  job[LAST_CLAIM] = 0
  if not ends_well then follow_delay(id, job, step[DELAY_MOVE]) end
  local paused = not step[RETRY_AT] and count_end(id, job, step[KIND], step[MESSAGE])
  remember_end(job, step[FENCE], paused and PAUSED_IT or 0)
  local next_waiting = waiting[id]
  local removed = not ends_well and end_if_over(id)
  if removed then remember('ended:' .. digits(step[FENCE]), REMOVED_IT) end
  return {DONE, next_waiting, paused and 1 or 0, removed and 1 or 0, has_followers and 1 or 0}
end

local steps = cmsgpack.unpack(ARGV[3])
read_followers(steps)
return answer_each(steps, RUN, answer_to)
