--[[
Marks the active runs of a job, or one of them, to be stopped, and tells.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger     ARGV[3]  job     ARGV[4]  cancel reason
ARGV[5]  run id, or '': all
Returns  { how many there are } | 'OTHER STORE'
One that cannot be read is passed over, and not counted.
--]]
-- include: partition
local id, why, only = ARGV[3], tonumber(ARGV[4]), ARGV[5]

if only ~= '' then
  read_runs({only})
  local run = runs[only]
  if not run or run[R_JOB] ~= id then return {0} end
  run[R_STOP], changed_runs[only] = why, true
  tell_stop(only, run[R_MEMBER], why)
  write_all()
  return {1}
end

local passed_over = 0
local names = redis.call('ZRANGEBYLEX', prefix .. 'active', '[' .. id .. '\0', '(' .. id .. '\1')
for first = 1, #names, 1000 do
  local ids = {}
  for k = first, math.min(first + 999, #names) do ids[#ids + 1] = string.sub(names[k], #id + 18) end
  read_runs(ids)
  for _, run_id in ipairs(ids) do
    local run = runs[run_id]
    if unreadable and unreadable['run ' .. run_id] then passed_over = passed_over + 1 end
    if run then
      run[R_STOP], changed_runs[run_id] = why, true
      tell_stop(run_id, run[R_MEMBER], why)
    end
  end
end
write_all()
return {#names - passed_over}
