-- What the ends of runs have in common.

-- The runs of a job that ended last, whose finish may be sent again: fence and what followed, newest first.
local PAUSED_IT, REMOVED_IT = 1, 2
local function remember_end(job, fence, followed)
  local ends = {fence, followed}
  local most = 2 * math.min(job[MAX_INSTANCES], 8)
  for k, each in ipairs(job[LAST_ENDS] or {}) do
    if #ends < most then ends[#ends + 1] = each end
  end
  job[LAST_ENDS] = ends
end

-- Counts the end of a run that is not tried again. Whether that pauses the job.
local function count_end(id, job, kind, message)
  count(id, kind, 1)
  if kind == 0 then job[IN_A_ROW] = 0 end
  if COUNTER_OF[kind] ~= FAILED then return false end
  job[IN_A_ROW] = job[IN_A_ROW] + 1
  if job[PAUSE_AFTER] == 0 or job[IN_A_ROW] < job[PAUSE_AFTER] or job[STATE] ~= IS_ACTIVE then return false end
  job[STATE], changed_due[id] = IS_PAUSED, true
  notes[id] = digits(job[IN_A_ROW]) .. (job[IN_A_ROW] == 1 and ' failure' or ' failures in a row')
  if message ~= '' then notes[id] = notes[id] .. '; the last: ' .. message end
  job[REVISION] = take_number()
  tell_change(id, job, job[REVISION])
  return true
end
