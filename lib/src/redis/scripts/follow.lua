--[[
Tells jobs of ends that they follow, each by itself: a run waits for each, or is left out as a fire is.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger
ARGV[3]  packed: a list, each { follower, job whose run has ended, its run id, outcome kind, occurrence,
         number of the end, now }
Returns  for each 0 told, now or before, or 1 the job is gone or does not follow that one, or 'UNREADABLE ...': what
         cannot be read, nothing was done | 'OTHER STORE'
The ends of one job are told in the order of their numbers: none counts that is not greater than the last.
--]]
-- include: partition
-- include: overlap
-- include: ending
local FOLLOWER, JOB, RUN, KIND, OCCURRENCE, NUMBER, NOW = 1, 2, 3, 4, 5, 6, 7
local TOLD, NOT_FOLLOWED = 0, 1

local function put(id, job, step, what)
  local taken = active_of(id)
  if waiting[id] and waiting[id] <= step[NOW] then
    taken = taken + redis.call('ZCOUNT', prefix .. 'wait:' .. id, '-inf', digits(step[NOW]))
  end
  local number = take_number()
  local run = {step[NOW], step[OCCURRENCE], 1, FOLLOWS, 1, '', '', number, what}
  if taken < job[MAX_INSTANCES] then
    wait_until(id, step[NOW], run)
  else
    run[W_WHY] = QUEUED
    if not place_full(id, job, step[NOW], run) then return end
  end
  job[REVISION] = number
  tell_change(id, job, number)
end

local function tell(step)
  local id = step[FOLLOWER]
  if unreadable and unreadable['job ' .. id] then return unreadable['job ' .. id] end
  local job, list, at = jobs[id], follows[id] or {}, nil
  for k = 1, #list, 3 do
    if list[k] == step[JOB] then at = k end
  end
  if not job or job[STATE] == IS_REMOVED or not at then return NOT_FOLLOWED end
  if bit.band(list[at + 1], BIT_OF[step[KIND]] or 0) == 0 then return TOLD end
  if step[NUMBER] <= list[at + 2] or step[NUMBER] < job[BORN] then return TOLD end
  if not is_whole(job) then return cannot_read('job', id, 'jobs') end
  local _, damaged = waiting_runs(id)
  if #damaged > 0 then return cannot_read('a waiting run of', id, 'wait:' .. id) end
  list[at + 2], changed_jobs[id] = step[NUMBER], true
  local what = {step[JOB], step[RUN], step[KIND]}
  if job[STATE] == IS_PAUSED then
    write_skip(id, step[OCCURRENCE], 1, 'paused', 0, what)
  elseif job[SKIP_NEXT] > 0 then
    job[SKIP_NEXT], job[REVISION] = job[SKIP_NEXT] - 1, take_number()
    write_skip(id, step[OCCURRENCE], 1, 'skip_next', 0, what)
    tell_change(id, job, job[REVISION])
  else
    put(id, job, step, what)
  end
  return TOLD
end

local steps, ids, answers = cmsgpack.unpack(ARGV[3]), {}, {}
for k, step in ipairs(steps) do ids[k] = step[FOLLOWER] end
read_jobs(ids)
read_waiting(ids)
for k, text in ipairs(redis.call('HMGET', prefix .. 'follows', unpack(ids))) do
  local fine, list = pcall(cmsgpack.unpack, text or '')
  if text and fine and not follows[ids[k]] then follows[ids[k]] = list end
end
for k, step in ipairs(steps) do answers[k] = tell(step) end
write_all()
return answers
