--[[
Makes of each job the earliest waiting run that is due active, under a new fence, if there is room.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger     ARGV[3]  member that asks
ARGV[4]  packed: a list, each { job, born or 0, run id of the run to be, now, 1 if what the job carries is to be
         answered }
Returns  for each { what, next waiting or nil, occurrence, due, attempt, fence, waiting reason,
         1 if it is outside the schedule (2: and somebody waits for it), revision by which it was planned, what the job
         carries if it was asked for, else '', and where it follows a run: { job, run id, outcome kind } },
         what: 0 won, 1 none due, 2 full, 3 paused, 4 gone; only 0 has more than two;
         'UNREADABLE ...': what cannot be read, nothing was done | 'OTHER STORE'
Sent again while its run is active it wins what it won, and changes nothing; after the end of that run, for an hour,
it takes nothing.
--]]
-- include: partition
-- include: steps
local ID, OF_BORN, RUN, NOW, CARRIES = 1, 2, 3, 4, 5
local WON, NONE_DUE, FULL, PAUSED, GONE = 0, 1, 2, 3, 4
local member = ARGV[3]

local function won(take, job, run)
  local id = take[ID]
  return {WON, job and waiting[id], run[R_OCCURRENCE], run[R_DUE], run[R_ATTEMPT], run[R_FENCE], run[R_WHY],
    run[R_EXTRA], run[R_REVISION], take[CARRIES] and carried_by(id) or '', run[R_FOLLOWS]}
end

local function answer_to(take)
  local id, run_id, now = take[ID], take[RUN], take[NOW]
  local job, held = jobs[id], runs[run_id]
  if job and (job[STATE] == IS_REMOVED or (take[OF_BORN] ~= 0 and take[OF_BORN] ~= job[BORN])) then job = false end
  if held and held[R_JOB] == id then return won(take, job, held) end
  if not job then return {GONE} end
  if job[STATE] ~= IS_ACTIVE and job[STATE] ~= HAS_ENDED then return {PAUSED, waiting[id]} end
  if not waiting[id] or waiting[id] > now then return {NONE_DUE, waiting[id]} end
  if active_of(id) >= job[MAX_INSTANCES] then return {FULL, waiting[id]} end
  if redis.call('EXISTS', prefix .. 'taken:' .. run_id) == 1 then return {NONE_DUE, waiting[id]} end

  local first = redis.call('ZPOPMIN', prefix .. 'wait:' .. id)
  local fine, waited = pcall(waiting_in, first[1])
  if first[1] and not fine then
    redis.call('ZADD', prefix .. 'wait:' .. id, first[2], first[1])
    return cannot_read('a waiting run of', id, 'wait:' .. id)
  end
  follow_waiting(id)
  if not fine then return {NONE_DUE, waiting[id]} end  -- The index was wrong.
  local run = {id, job[BORN], 0, waited[W_OCCURRENCE], waited[W_DUE], now, waited[W_ATTEMPT], member, waited[W_WHY], 1,
    waited[W_EXTRA], 0, waited[W_REVISION], waited[W_FOLLOWS]}
  hold(id, run_id, run)
  job[LAST_CLAIM], changed_jobs[id] = 0, true
  return won(take, job, run)
end

return answer_each(cmsgpack.unpack(ARGV[4]), RUN, answer_to)
