--[[
How much lies in a partition, and what is due there that somebody should have claimed. Changes nothing.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  not used
ARGV[3]  for how many ms something must have been due
Returns  { jobs, runs, jobs with waiting runs, entries of the ledger,
           { job, due in ms, 1 for a waiting run, else 0, ... } } | 'OTHER STORE'
What belongs to no job is not overdue; a waiting run whose job is paused, parked or full is not either. At most 100 of either kind.
--]]
-- include: partition
local time = redis.call('TIME')
local limit = digits(time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[3])
local overdue = {}
local function look(index, waits, is_held)
  local found = redis.call('ZRANGEBYSCORE', prefix .. index, '-inf', limit, 'WITHSCORES', 'LIMIT', 0, 100)
  for k = 1, #found, 2 do
    if not is_held(found[k]) then
      overdue[#overdue + 1] = found[k]
      overdue[#overdue + 1] = found[k + 1]
      overdue[#overdue + 1] = waits
    end
  end
end
look('due', 0, function(id) return redis.call('HEXISTS', prefix .. 'jobs', id) == 0 end)
look('waiting', 1, function(id)
  read_jobs({id})
  local job = jobs[id]  -- None that is unreadable: that is a fault of its own.
  return not job or job[STATE] == IS_PAUSED or job[STATE] == IS_PARKED or active_of(id) >= job[MAX_INSTANCES]
end)
return {
  redis.call('HLEN', prefix .. 'jobs'), redis.call('HLEN', prefix .. 'runs'),
  redis.call('ZCARD', prefix .. 'waiting'), redis.call('XLEN', prefix .. 'ledger'), overdue,
}
