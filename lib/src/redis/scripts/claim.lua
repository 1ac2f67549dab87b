--[[
Moves jobs past their cursors and records the runs that find a place, each job by itself: of any number of callers
with the same expectation one wins.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger     ARGV[3]  member that asks
ARGV[4]  packed: a list of claims, each
         { job, born or 0, expected cursor, expected revision, next cursor or false, delay of the next,
           1 if the trigger ends, now, fires used of skip_next, number of this claim or 0, last nominal time passed,
           { run id, occurrence, due, ... }, { outcome kind, count, packed ledger entry, ... },
           1 if what the job carries is to be answered }
Returns  for each claim { what, next waiting or nil, then for each run: what, fence, run to be cancelled; then what the
         job carries or '', if it was asked for },
         what: 0 claimed, 1 moved, 2 paused, 3 gone; of a run: 0 won, 1 skipped, 2 queued;
         or 'UNREADABLE ...': what cannot be read, nothing was done. | 'OTHER STORE'
Sent again with the same run ids it answers the same and changes nothing.
--]]
-- include: partition
-- include: overlap
local ID, OF_BORN, EXPECTED, EXPECTED_REVISION, NEXT, NEXT_DELAY, ENDS, NOW = 1, 2, 3, 4, 5, 6, 7, 8
local SKIPS_USED, NUMBER, LAST, PLANNED, LEFT_OUT, CARRIES = 9, 10, 11, 12, 13, 14
local CLAIMED, MOVED, PAUSED, GONE = 0, 1, 2, 3
local WON, LEFT, WAITS = 0, 1, 2
local member = ARGV[3]
local claims = cmsgpack.unpack(ARGV[4])

-- A claim whose answer was lost is sent again. What it won is won, whatever has happened to the job since; that it
-- was refused a place is known until something else happens.
local function answer_again(claim, job)
  local id, planned = claim[ID], claim[PLANNED]
  local known = job and claim[NUMBER] ~= 0 and job[LAST_CLAIM] == claim[NUMBER]
  local answer = {CLAIMED, job and waiting[id]}
  local queued = {}
  for _, each in ipairs(waiting_runs(id)) do queued[each[2][W_PLANNED_AS]] = each[2] end
  for k = 1, #planned, 3 do
    local run_id = planned[k]
    if runs[run_id] == nil then read_runs({run_id}) end
    if unreadable and unreadable['run ' .. run_id] then return unreadable['run ' .. run_id] end
    local run = runs[run_id]
    local what, fence, cancels = LEFT, 0, ''
    if run and run[R_JOB] == id then
      what, fence, known = WON, run[R_FENCE], true
    elseif queued[run_id] then
      what, cancels, known = WAITS, queued[run_id][W_CANCELS], true
    end
    answer[k + 2], answer[k + 3], answer[k + 4] = what, fence, cancels
  end
  return known and answer
end

local function move_cursor(claim, job)
  job[LAST_CLAIM], job[LAST_FIRE] = claim[NUMBER], claim[LAST]
  job[CURSOR], job[DELAY] = claim[NEXT], claim[NEXT_DELAY]
  if claim[ENDS] == 1 and not claim[NEXT] then job[STATE] = HAS_ENDED end
  job[SKIP_NEXT] = math.max(job[SKIP_NEXT] - claim[SKIPS_USED], 0)
  changed_jobs[claim[ID]], changed_due[claim[ID]] = true, true
  local left_out = claim[LEFT_OUT]
  for k = 1, #left_out, 3 do
    write_times(claim[ID], left_out[k + 2])
    count(claim[ID], left_out[k], left_out[k + 1])
  end
end

-- Gives a planned run a place, unless all are taken or spoken for by runs that wait.
local function place(claim, job, has_room, run_id, occurrence, due)
  local id = claim[ID]
  if not has_room then
    local taken = active_of(id)
    if waiting[id] and waiting[id] <= claim[NOW] then
      taken = taken + redis.call('ZCOUNT', prefix .. 'wait:' .. id, '-inf', digits(claim[NOW]))
    end
    if taken >= job[MAX_INSTANCES] then
      local run = {due, occurrence, 1, QUEUED, 0, run_id, '', job[REVISION]}
      local waits, cancels = place_full(id, job, claim[NOW], run)
      return waits and WAITS or LEFT, 0, cancels
    end
  end
  local run = {id, job[BORN], 0, occurrence, due, claim[NOW], 1, member, 0, 0, 0, 0, job[REVISION]}
  return WON, hold(id, run_id, run), ''
end

local function answer_to(claim)
  local id = claim[ID]
  if unreadable and unreadable['job ' .. id] then return unreadable['job ' .. id] end
  local job = jobs[id]
  if job and (job[STATE] == IS_REMOVED or (claim[OF_BORN] ~= 0 and claim[OF_BORN] ~= job[BORN])) then job = false end
  if not job or job[STATE] ~= IS_ACTIVE or job[REVISION] ~= claim[EXPECTED_REVISION]
      or job[CURSOR] ~= claim[EXPECTED] then
    return answer_again(claim, job) or {job and (job[STATE] ~= IS_ACTIVE and PAUSED or MOVED) or GONE}
  end
  local answer, planned = {CLAIMED, false}, claim[PLANNED]
  -- Most claims just find a place, and then what a fire does not need of the job stays packed, and what waits unread.
  local is_plain = claim[ENDS] == 0 and not claim[LEFT_OUT][1] and not waiting[id] and
    (not planned[1] or active_of(id) + #planned / 3 <= job[MAX_INSTANCES])
  if not is_plain then
    if not is_whole(job) then return cannot_read('job', id, 'jobs') end
    local _, damaged = waiting_runs(id)
    if #damaged > 0 then return cannot_read('a waiting run of', id, 'wait:' .. id) end
  end
  move_cursor(claim, job)
  for k = 1, #planned, 3 do
    answer[k + 2], answer[k + 3], answer[k + 4] =
      place(claim, job, is_plain, planned[k], planned[k + 1], planned[k + 2])
  end
  if is_plain then return answer end
  for k = 1, #planned, 3 do  -- A run that this claim has queued may have given way to a later one of it.
    if displaced[planned[k]] then answer[k + 2], answer[k + 4] = LEFT, '' end
  end
  answer[2] = waiting[id]
  end_if_over(id)
  return answer
end

local ids, answers = {}, {}
for k, claim in ipairs(claims) do ids[k] = claim[ID] end
read_jobs(ids)
read_waiting(ids)
for k, claim in ipairs(claims) do
  answers[k] = answer_to(claim)
  if claim[CARRIES] and answers[k][1] == CLAIMED then answers[k][3 + #claim[PLANNED]] = carried_by(claim[ID]) end
end
write_all()
return answers
