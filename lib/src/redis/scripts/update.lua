--[[
Changes a job that is at the expected revision.

KEYS[1]  string  the partition's `store`; see prelude/partition.lua
ARGV[1]  id of the store     ARGV[2]  length of the ledger
ARGV[3]  packed: { job, expected revision, token or '',
         false or the packed record of which the options count, the definition without id and origin,
         state or false, note or false, skip_next or false, anchor or false,
         false or { cursor or false, its delay, the cursor that this was computed from or false },
         { outcome kind, count, packed ledger entry, ... },
         false or the packed times to be left out ('': none), 1 if what waits is to be dropped,
         false or what the job carries from now on ('': nothing),
         of another definition what it follows: packed { job, ends_mask, ... } or '' }
Returns  { 0 done | 1 conflict | 2 gone } | 'UNREADABLE ...': what cannot be read, nothing was done | 'OTHER STORE'
Sent again with the same token, within an hour, it answers done and changes nothing.
--]]
-- include: partition
local DONE, CONFLICT, GONE = 0, 1, 2
local id, expected, token, options, definition, state, note, skip_next, anchor, move, left_out, skip_at, drops, carries,
  after = unpack(cmsgpack.unpack(ARGV[3]))

local function change(job)
  if options then
    local wanted = job_in(options)
    job[MAX_INSTANCES] = wanted[MAX_INSTANCES]
    for field = ON_OVERLAP, ORIGIN do job[field] = wanted[field] end
    definitions[id] = definition
    follow_from_now(id, after)
  end
  if state then
    if job[STATE] == IS_PAUSED and state == IS_ACTIVE then job[IN_A_ROW] = 0 end
    job[STATE] = state
  end
  if note then notes[id] = note end
  if skip_next then job[SKIP_NEXT] = skip_next end
  if skip_at then skips[id] = skip_at end
  if carries then carried[id] = carries end
  if drops == 1 then drop_waiting(id, 'cancelled') end
  if anchor then job[ANCHOR] = anchor end
  if move then job[CURSOR], job[DELAY] = move[1], move[2] end
  for k = 1, #left_out, 3 do
    write_times(id, left_out[k + 2])
    count(id, left_out[k], left_out[k + 1])
  end
  job[REVISION] = take_number()
  changed_jobs[id], changed_due[id] = true, true
  tell_change(id, job, job[REVISION])
end

if token ~= '' and redis.call('EXISTS', prefix .. 'token:' .. token) == 1 then return {DONE} end
read_jobs({id})
read_waiting({id})
local job = jobs[id]
if unreadable and unreadable['job ' .. id] or job and not is_whole(job) then return cannot_read('job', id, 'jobs') end
if not job or job[STATE] == IS_REMOVED then return {GONE} end
if job[REVISION] ~= expected or (move and move[3] ~= job[CURSOR]) then return {CONFLICT} end
change(job)
if token ~= '' then remember('token:' .. token, 1) end
write_all()
return {DONE}
