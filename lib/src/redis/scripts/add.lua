--[[
Adds jobs, each by itself; one that is there already is kept, refused or replaced.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger
ARGV[3]  packed: a list, each { job, policy: 0 refuse, 1 keep, 2 replace, the packed record, the definition without id
         and origin, note, packed times to be left out or '', what it carries or '',
         what it follows: packed { job, ends_mask, ... } or '' }
Returns  for each { what, revision }, what: 0 added, 1 replaced, 2 unchanged, 3 conflict; or 'UNREADABLE ...': what
         cannot be read, nothing was done | 'OTHER STORE'
Sent again it finds the same definition: unchanged.
--]]
-- include: partition
local ID, POLICY, RECORD, DEFINITION, NOTE, SKIP_AT, CARRIED, AFTER = 1, 2, 3, 4, 5, 6, 7, 8
local ADDED, REPLACED, UNCHANGED, CONFLICT = 0, 1, 2, 3
local KEEP_IT, REPLACE_IT = 1, 2
local steps = cmsgpack.unpack(ARGV[3])
local new_ids = {}

local function put(id, job, step, number)
  jobs[id], changed_jobs[id], changed_due[id] = job, true, true
  definitions[id] = step[DEFINITION]
  job[REVISION] = number
  tell_change(id, job, number)
end

local function make(step, wanted)
  local number = take_number()
  wanted[BORN] = number
  put(step[ID], wanted, step, number)
  if step[NOTE] ~= '' then notes[step[ID]] = step[NOTE] end
  skips[step[ID]] = step[SKIP_AT]
  carried[step[ID]] = step[CARRIED]
  if step[AFTER] ~= '' then follow_from_now(step[ID], step[AFTER]) end
  new_ids[#new_ids + 1] = '0'
  new_ids[#new_ids + 1] = step[ID]
  return {ADDED, number}
end

-- Its birth, counters and runs stay, and what waits; the rest is as wanted. A paused job stays paused.
local function replace(step, wanted, job)
  for _, field in ipairs({BORN, LAST_FIRE, SKIP_NEXT, LAST_CLAIM, LAST_ENDS, SUCCEEDED, IN_A_ROW}) do
    wanted[field] = job[field]
  end
  for field = FAILED, COALESCED do wanted[field] = job[field] end
  if job[STATE] == IS_PAUSED then wanted[STATE] = IS_PAUSED else notes[step[ID]] = step[NOTE] end
  follow_from_now(step[ID], step[AFTER])
  put(step[ID], wanted, step, take_number())
  return {REPLACED, wanted[REVISION]}
end

local function answer_to(step, there_text)
  local id, wanted, job = step[ID], job_in(step[RECORD]), jobs[step[ID]]
  if unreadable and unreadable['job ' .. id] or job and not is_whole(job) then return cannot_read('job', id, 'jobs') end
  local same = there_text == step[DEFINITION]
  local declared = wanted[ORIGIN] ~= ''
  if job and job[STATE] == IS_REMOVED then
    if declared and same then return {UNCHANGED, job[REVISION]} end
    notes[id] = ''
    job = false
  end
  if not job then return make(step, wanted) end
  if same and job[ORIGIN] == '' and declared then  -- Declared now: kept when it ends, its file may remove it.
    job[ORIGIN], job[KEEP], changed_jobs[id] = wanted[ORIGIN], 1, true
  end
  if same or step[POLICY] == KEEP_IT then return {UNCHANGED, job[REVISION]} end
  if step[POLICY] ~= REPLACE_IT then return {CONFLICT, job[REVISION]} end
  return replace(step, wanted, job)
end

local ids, answers = {}, {}
for k, step in ipairs(steps) do ids[k] = step[ID] end
read_jobs(ids)
local there = redis.call('HMGET', prefix .. 'definitions', unpack(ids))
for k, step in ipairs(steps) do answers[k] = answer_to(step, definitions[step[ID]] or there[k]) end
call_all('ZADD', 'ids', new_ids)
write_all()
return answers
