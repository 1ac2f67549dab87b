--[[
Puts down a run that waits for its time.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger
ARGV[3]  packed: { job, occurrence, at, waiting reason, token or '', 1 if somebody waits for its end }
Returns  { number of the run, or 0: there is no such job } | 'UNREADABLE ...': what cannot be read, nothing was done | 'OTHER STORE'
Sent again with the same token, within an hour, it puts down nothing more.
--]]
-- include: partition
local id, occurrence, at, why, token, awaited = unpack(cmsgpack.unpack(ARGV[3]))
local made = token ~= '' and redis.call('GET', prefix .. 'token:' .. token)
if made then return {tonumber(made)} end
read_jobs({id})
read_waiting({id})
local job = jobs[id]
if unreadable and unreadable['job ' .. id] or job and not is_whole(job) then return cannot_read('job', id, 'jobs') end
if not job or job[STATE] == IS_REMOVED then return {0} end
job[REVISION], changed_jobs[id] = take_number(), true
local extra = awaited == 1 and AWAITED or why == RUN_NOW and 1 or 0
wait_until(id, at, {at, occurrence, 1, why, extra, '', '', job[REVISION]})
tell_change(id, job, job[REVISION])
if token ~= '' then remember('token:' .. token, digits(job[REVISION])) end
write_all()
return {job[REVISION]}
