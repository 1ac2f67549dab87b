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

-- The final ends of runs that other jobs follow. `followers`, by job: { follower, ends_mask, when that was said, in
-- microseconds, ... }; `ends`: what they have not been told of yet.
local BIT_OF = {[0] = 1, 2, 2, 4, 2}  -- outcome_kind: bit of ends_mask
local followers = {}
local function read_followers(steps)
  local ids = {}
  for k, step in ipairs(steps) do ids[k] = step[1] end
  for k, text in ipairs(redis.call('HMGET', prefix .. 'followers', unpack(ids))) do
    local fine, list = pcall(cmsgpack.unpack, text or '')
    followers[ids[k]] = text and fine and list
  end
end
-- Whether anybody is to be told of it.
local function keep_for_followers(id, run_id, run, kind)
  local list = followers[id]
  local names, bit_of = {}, BIT_OF[kind] or 0
  for k = 1, #(list or {}), 3 do
    if bit.band(list[k + 1], bit_of) ~= 0 then names[#names + 1] = list[k] end
  end
  if #names == 0 then return false end
  local number = take_number()
  new_ends[#new_ends + 1] = digits(number)
  new_ends[#new_ends + 1] = cmsgpack.pack({number, id, run_id, kind, run[R_OCCURRENCE], names})
  return true
end
