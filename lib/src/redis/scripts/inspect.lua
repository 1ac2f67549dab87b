--[[
Compares a page of one index of a partition with the others. Changes nothing.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  not used
ARGV[3]  which: jobs, ids, definitions, notes, skips, carried, due, waiting, runs or active
ARGV[4]  cursor: 0, then what was answered
Returns  { cursor to go on with, or '0', { kind of fault, job, run or member of the index, detail, ... },
           of runs: { run id, job, member, started, ... } } | 'OTHER STORE'
--]]
-- include: partition
local which, cursor = ARGV[3], ARGV[4]
local faults, holders = {}, {}
local function fault(kind, subject, detail)
  faults[#faults + 1] = kind
  faults[#faults + 1] = subject
  faults[#faults + 1] = detail or ''
end
-- The names of a page, and what stands beside them.
local function page(command)
  local answer = redis.call(command, prefix .. which, cursor, 'COUNT', 100)
  local names, values = {}, {}
  for k = 1, #answer[2], 2 do
    names[#names + 1] = answer[2][k]
    values[#values + 1] = answer[2][k + 1]
  end
  return answer[1], names, values
end
local function is_job(id) return redis.call('HEXISTS', prefix .. 'jobs', id) == 1 end

local function inspect_job(id, text)
  local fine, job = pcall(job_in, text)
  if not fine or not is_whole(job) then return fault('unreadable', id) end
  if redis.call('HEXISTS', prefix .. 'definitions', id) == 0 then fault('job_without_definition', id) end
  if not redis.call('ZSCORE', prefix .. 'ids', id) then fault('job_without_id', id) end
  local wanted = job[STATE] == IS_ACTIVE and job[CURSOR] and job[CURSOR] + job[DELAY]
  local there = tonumber(redis.call('ZSCORE', prefix .. 'due', id) or nil)
  if (wanted or nil) ~= there then
    fault('wrong_due', id, (there and digits(there) or 'nothing') .. ' where ' ..
      (wanted and digits(wanted) or 'nothing') .. ' should be')
  end
end
local function inspect_waiting(id, at)
  local first = redis.call('ZRANGE', prefix .. 'wait:' .. id, 0, 0, 'WITHSCORES')
  if not first[2] then return fault('wrong_waiting', id, 'looked for, and there are none') end
  if not is_job(id) then return fault('waiting_without_job', id) end
  if tonumber(first[2]) ~= tonumber(at) then fault('wrong_waiting', id, 'looked for at another time') end
  for _, member in ipairs(redis.call('ZRANGE', prefix .. 'wait:' .. id, 0, 99)) do
    if not pcall(waiting_in, member) then return fault('unreadable_waiting', id) end
  end
end
local function inspect_run(run_id, text)
  local fine, run = pcall(run_in, text)
  if not fine then return fault('unreadable_run', run_id) end
  if not redis.call('ZSCORE', prefix .. 'active', active_name(run_id, run)) then
    fault('run_without_active', run_id, run[R_JOB])
  end
  for _, each in ipairs({run_id, run[R_JOB], run[R_MEMBER], digits(run[R_STARTED])}) do
    holders[#holders + 1] = each
  end
end
local function inspect_active(name)
  local job_end = string.find(name, '\0', 1, true)
  local run_id = job_end and string.sub(name, job_end + 17)
  if not run_id or redis.call('HEXISTS', prefix .. 'runs', run_id) == 0 then
    fault('active_without_run', name, run_id and string.sub(name, 1, job_end - 1) or '')
  end
end
local function inspect_index_of_jobs(kind)
  return function(id) if not is_job(id) then fault(kind, id, which) end end
end

local looks = {
  jobs = {'HSCAN', inspect_job},
  ids = {'ZSCAN', inspect_index_of_jobs('id_without_job')},
  definitions = {'HSCAN', inspect_index_of_jobs('text_without_job')},
  notes = {'HSCAN', inspect_index_of_jobs('text_without_job')},
  skips = {'HSCAN', inspect_index_of_jobs('text_without_job')},
  carried = {'HSCAN', inspect_index_of_jobs('text_without_job')},
  due = {'ZSCAN', inspect_index_of_jobs('due_without_job')},
  waiting = {'ZSCAN', inspect_waiting},
  runs = {'HSCAN', inspect_run},
  active = {'ZSCAN', inspect_active},
}
local next_cursor, names, values = page(looks[which][1])
for k, each in ipairs(names) do looks[which][2](each, values[k]) end
return {next_cursor, faults, holders}
