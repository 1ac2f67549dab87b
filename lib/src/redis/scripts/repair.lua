--[[
Mends one fault that inspect.lua has found, if it is still there. Asked again it changes nothing.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger
ARGV[3]  kind of fault       ARGV[4]  job, run, member of the index, or key
Returns  { 1: mended, 0: there was nothing to mend } | 'OTHER STORE'
What it takes away belongs to no job, or is a waiting run that nobody can read, of which the ledger says so; what it puts
back follows from a record that is there.
--]]
-- include: partition
local kind, subject = ARGV[3], ARGV[4]
local function is_job() return redis.call('HEXISTS', prefix .. 'jobs', subject) == 1 end
local function drop_from(...)
  if is_job() then return 0 end
  return redis.call(...)
end

local function mend_due()
  read_jobs({subject})
  local job = jobs[subject]
  if not job then return 0 end
  if job[STATE] ~= IS_ACTIVE or not job[CURSOR] then return redis.call('ZREM', prefix .. 'due', subject) end
  local at = digits(job[CURSOR] + job[DELAY])
  return redis.call('ZADD', prefix .. 'due', 'CH', at, subject)
end
local function mend_waiting()
  local before = redis.call('ZSCORE', prefix .. 'waiting', subject)
  follow_waiting(subject)
  local now_there = redis.call('ZSCORE', prefix .. 'waiting', subject)
  return before ~= now_there and 1 or 0
end
local function drop_waiting_of_nobody()
  if is_job() then return mend_waiting() end
  follow_waiting(subject)
  if not waiting[subject] then return 0 end
  drop_waiting(subject, 'removed')
  write_all()
  return 1
end
-- What can be read of one is when it was due.
local function drop_unreadable_waiting()
  local before = redis.call('ZCARD', prefix .. 'wait:' .. subject)
  read_waiting({subject})
  local _, damaged = waiting_runs(subject)
  for _, each in ipairs(damaged) do
    redis.call('ZREM', prefix .. 'wait:' .. subject, each[1])
    write_skip(subject, each[2], 0, 'its record could not be read')
  end
  follow_waiting(subject)
  write_all()
  return before - redis.call('ZCARD', prefix .. 'wait:' .. subject)
end
local function mend_active()
  local job_end = string.find(subject, '\0', 1, true)
  local run_id = job_end and string.sub(subject, job_end + 17)
  if run_id and redis.call('HEXISTS', prefix .. 'runs', run_id) == 1 then return 0 end
  return redis.call('ZREM', prefix .. 'active', subject)
end
local function mend_run()
  read_runs({subject})
  if not runs[subject] then return 0 end
  return redis.call('ZADD', prefix .. 'active', 0, active_name(subject, runs[subject]))
end
local function is_ours(key) return string.sub(key, 1, #prefix) == prefix end

local mend = {
  due_without_job = function() return drop_from('ZREM', prefix .. 'due', subject) end,
  wrong_due = mend_due,
  id_without_job = function() return drop_from('ZREM', prefix .. 'ids', subject) end,
  job_without_id = function() return is_job() and redis.call('ZADD', prefix .. 'ids', 0, subject) or 0 end,
  text_without_job = function()
    return drop_from('HDEL', prefix .. 'definitions', subject) + drop_from('HDEL', prefix .. 'notes', subject) +
      drop_from('HDEL', prefix .. 'skips', subject) + drop_from('HDEL', prefix .. 'carried', subject)
  end,
  active_without_run = mend_active,
  run_without_active = mend_run,
  wrong_waiting = mend_waiting,
  waiting_without_job = drop_waiting_of_nobody,
  unreadable_waiting = drop_unreadable_waiting,
  vanishing_key = function() return is_ours(subject) and redis.call('PERSIST', subject) or 0 end,
  lasting_key = function()
    if not is_ours(subject) or redis.call('TTL', subject) ~= -1 then return 0 end
    return redis.call('EXPIRE', subject, 3600)
  end,
}
return {math.min(mend[kind] and mend[kind]() or 0, 1)}
