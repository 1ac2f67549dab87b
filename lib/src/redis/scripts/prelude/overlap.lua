-- What becomes of a run that finds no place: the job's `on_overlap` says so.
local OVERLAP = 2  -- cancel_reason

-- The oldest active run of a job that nobody has asked to stop.
local function oldest_unstopped(id)
  local ids = {}
  for _, name in ipairs(redis.call('ZRANGEBYLEX', prefix .. 'active', '[' .. id .. '\0', '(' .. id .. '\1')) do
    ids[#ids + 1] = string.sub(name, #id + 18)
  end
  for _, run_id in ipairs(new_runs) do ids[#ids + 1] = run_id end
  for _, run_id in ipairs(ids) do
    if runs[run_id] == nil then read_runs({run_id}) end
    local run = runs[run_id]
    if run and run[R_JOB] == id and run[R_STOP] == 0 then return run_id, run end
  end
end

-- Whether it waits, and the run that is to be cancelled for it, or ''. `displaced`: by what they were planned as, the
-- runs that waited and gave way.
local displaced = {}
local function place_full(id, job, at, run)
  local queued, older = 0, nil
  for _, each in ipairs(waiting_runs(id)) do
    if each[2][W_WHY] == QUEUED then queued, older = queued + 1, older or each end
  end
  if job[ON_OVERLAP] == 0 or (job[ON_OVERLAP] == 1 and queued >= job[QUEUE_LIMIT]) then
    write_skip(id, run[W_OCCURRENCE], run[W_EXTRA], 'overlap', run[W_REVISION], run[W_FOLLOWS])
    return false, ''
  end
  if job[ON_OVERLAP] == 2 and older then  -- Only the latest is worth the place that is being freed.
    write_skip(id, older[2][W_OCCURRENCE], older[2][W_EXTRA], 'overlap', older[2][W_REVISION],
      older[2][W_FOLLOWS])
    run[W_CANCELS] = older[2][W_CANCELS]
    displaced[older[2][W_PLANNED_AS]] = true
    redis.call('ZREM', prefix .. 'wait:' .. id, older[1])
    follow_waiting(id)
  elseif job[ON_OVERLAP] == 2 then
    local oldest, active = oldest_unstopped(id)
    if oldest then
      run[W_CANCELS] = oldest
      active[R_STOP], changed_runs[oldest] = OVERLAP, true
      tell_stop(oldest, active[R_MEMBER], OVERLAP)
    end
  end
  wait_until(id, at, run)
  return true, run[W_CANCELS]
end
