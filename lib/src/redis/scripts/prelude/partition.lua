-- What a script of a partition begins with. It reads what it needs, decides, and writes all of it at its end
-- (`write_all`), so that a failure on the way leaves the partition as it was.
--
-- KEYS[1] is the partition's `store`; its other keys have the same prefix, so the same hash tag and slot.
-- ARGV[1] is the id of the store that was opened. Another one is here: 'OTHER STORE', and nothing is changed.
-- ARGV[2] is how many entries of the ledger are kept.
local prefix = string.sub(KEYS[1], 1, -6)
local head = redis.call('MGET', KEYS[1], prefix .. 'seq')
if head[1] ~= ARGV[1] then return 'OTHER STORE' end

-- A job: an array in `jobs`, packed. Times are in ms, none is false. What a fire does not need lies in it as an
-- array of its own, packed once more, whose fields are read and written as if they came next. In C++: record_codec.cpp.
local REVISION, BORN, STATE, CURSOR, DELAY, LAST_FIRE, SKIP_NEXT, MAX_INSTANCES = 1, 2, 3, 4, 5, 6, 7, 8
local LAST_CLAIM, LAST_ENDS, SUCCEEDED, IN_A_ROW, THE_REST = 9, 10, 11, 12, 13
local ANCHOR, ZONE, ON_OVERLAP, QUEUE_LIMIT, ON_LOST, PAUSE_AFTER, KEEP = 14, 15, 16, 17, 18, 19, 20
local TASK, EXECUTOR, ORIGIN = 21, 22, 23
local FAILED, CANCELLED, LOST, RETRIED, MISSED, SKIPPED, COALESCED = 24, 25, 26, 27, 28, 29, 30
local COUNTER_OF = {[0] = SUCCEEDED, FAILED, FAILED, CANCELLED, LOST, MISSED, SKIPPED, COALESCED}  -- outcome_kind
local IS_ACTIVE, IS_PAUSED, IS_PARKED, HAS_ENDED, IS_REMOVED = 0, 1, 2, 3, 4  -- job_state

-- All digits of a whole number. '%d' is four times as fast as '%.0f', where a C long has 64 bits.
local WHOLE, SIXTEEN = '%d', '%016d'
if string.format(WHOLE, 2 ^ 52) ~= '4503599627370496' then WHOLE, SIXTEEN = '%.0f', '%016.0f' end
local function digits(number) return string.format(WHOLE, number) end

local function call_all(command, key, list)
  for first = 1, #list, 2000 do
    redis.call(command, prefix .. key, unpack(list, first, math.min(first + 1999, #list)))
  end
end

-- Numbers: each greater than all before it in this partition, and no less than Redis's time in microseconds.
local seq, took_number = tonumber(head[2]) or 0, false
local function take_number()
  if not took_number then
    local time = redis.call('TIME')
    seq = math.max(seq, time[1] * 1000000 + time[2] - 1)
    took_number = true
  end
  seq = seq + 1
  return seq
end

-- Records are not taken on trust: something else may have written them, and one that cannot be read must stop
-- none but its own job. A step that needs it answers this, a text instead of a list, and changes nothing.
local function cannot_read(what, name, key)
  return 'UNREADABLE the record of ' .. what .. " '" .. name .. "' in " .. prefix .. key
end
-- The same by 'job ID' and 'run ID', of those that were asked for; false: all of them could be read.
local unreadable = false
-- Reads records into a table, by id; false: there is none, or it is unreadable. `read` makes a record of a text, or fails,
-- as a sum does with what is no number, and a length of what is no text or list.
local function take_in(ids, texts, read, into)
  for k, id in ipairs(ids) do into[id] = texts[k] and read(texts[k]) end
end
local function read_records(what, ids, read, into)
  local key = what .. 's'
  local texts = redis.call('HMGET', prefix .. key, unpack(ids))
  if pcall(take_in, ids, texts, read, into) then return texts end
  unreadable = unreadable or {}
  for k, id in ipairs(ids) do
    local fine, record = pcall(read, texts[k] or '')
    into[id] = fine and record
    if texts[k] and not fine then unreadable[what .. ' ' .. id] = cannot_read(what, id, key) end
  end
  return texts
end

-- The rest of a job is unpacked when it is first needed; a script that may need it asks `is_whole` before it changes anything.
local rest_of_job = {}
local function unpack_rest(job)
  local rest, fits = cmsgpack.unpack(job[THE_REST]), true
  for field = ON_OVERLAP, KEEP do fits = fits and rest[field - THE_REST] + 0 end
  for field = TASK, ORIGIN do fits = fits and type(rest[field - THE_REST]) == 'string' end
  for field = FAILED, COALESCED do fits = fits and rest[field - THE_REST] + 0 end
  fits = fits and (rest[ANCHOR - THE_REST] or 0) + 0 and type(rest[ZONE - THE_REST]) == 'string'
  if not fits or #rest ~= COALESCED - THE_REST then error('no rest of a job') end
  setmetatable(job, nil)
  for k, value in ipairs(rest) do job[THE_REST + k] = value end
end
local function is_whole(job) return #job > THE_REST or (pcall(unpack_rest, job)) end
function rest_of_job.__index(job, field)
  unpack_rest(job)
  return job[field]
end
function rest_of_job.__newindex(job, field, value)
  unpack_rest(job)
  job[field] = value
end
local function pack_job(job)
  if #job == THE_REST then return cmsgpack.pack(job) end
  local short = {unpack(job, 1, THE_REST)}
  short[THE_REST] = cmsgpack.pack({unpack(job, ANCHOR, COALESCED)})
  return cmsgpack.pack(short)
end

local function job_in(text)
  local job = cmsgpack.unpack(text)
  local sum = job[REVISION] + job[BORN] + job[STATE] + (job[CURSOR] or 0) + job[DELAY] + (job[LAST_FIRE] or 0) +
    job[SKIP_NEXT] + job[MAX_INSTANCES] + job[LAST_CLAIM] + #(job[LAST_ENDS] or '') + job[SUCCEEDED] + job[IN_A_ROW] +
    #job[THE_REST]
  if #job ~= THE_REST then error('no job') end
  return setmetatable(job, rest_of_job)
end

-- Jobs by id; false: there is none, or it is unreadable.
local jobs, changed_jobs, changed_due, forgotten, notes, definitions = {}, {}, {}, {}, {}, {}
-- Texts beside the records, of few jobs: what is to be written; '': it goes.
local skips, carried = {}, {}
local function carried_by(id) return redis.call('HGET', prefix .. 'carried', id) or '' end
-- By id what a job follows, where it was changed: { job, ends_mask, number of the last end that it was told of, ... }.
local follows = {}
local function read_jobs(ids) read_records('job', ids, job_in, jobs) end
local function count(id, kind, times)
  local which = COUNTER_OF[kind]
  jobs[id][which] = jobs[id][which] + times
end

-- When the earliest waiting run of a job is to be taken; false: none waits.
local waiting = {}

-- Notices: that a job has changed, or that a run is to stop.
local notices = {}
local function tell_change(id, job, number, state)
  notices[#notices + 1] = cmsgpack.pack(
    {0, number, id, job[TASK], job[EXECUTOR], job[REVISION], state or job[STATE], waiting[id] and 1 or 0})
end
local function tell_stop(run_id, member, why) notices[#notices + 1] = cmsgpack.pack({1, seq, run_id, member, why}) end

-- The end of a run for which somebody waits (of such R_EXTRA and W_EXTRA are AWAITED): kept for an hour by the number with
-- which it was put down, and told as a change of its job.
local AWAITED = 2
local ends = {}
local function keep_end(id, number, value, fields)
  ends['awaited:' .. digits(number)] = cmsgpack.pack({value, fields})
  local job = jobs[id]
  if job and is_whole(job) then return tell_change(id, job, take_number()) end
  notices[#notices + 1] = cmsgpack.pack({0, take_number(), id, '', '', 0, IS_REMOVED, 0})
end

-- An active run: an array in `runs`. In C++: record_codec.cpp.
local R_JOB, R_BORN, R_FENCE, R_OCCURRENCE, R_DUE, R_STARTED, R_ATTEMPT = 1, 2, 3, 4, 5, 6, 7
local R_MEMBER, R_WHY, R_TAKEN, R_EXTRA, R_STOP, R_REVISION = 8, 9, 10, 11, 12, 13  -- that by which it was planned
local R_FOLLOWS = 14  -- only where it follows a run: { job, run id, outcome kind }

-- The ledger. An entry is of a run (j, i, r, o, f) or of nominal times that did not run (j, s).
local ledger, run_texts = {}, {}
local function write_times(id, packed) ledger[#ledger + 1] = {digits(take_number()) .. '-0', 'j', id, 's', packed} end
-- `number`: by which it was put down, where somebody may wait for it; `after`: the run that it was to follow.
local function write_skip(id, occurrence, extra, why, number, after)
  local packed = cmsgpack.pack({6, occurrence, occurrence, 1, false, why, extra, after})
  write_times(id, packed)
  if jobs[id] then count(id, 6, 1) end
  if extra == AWAITED then keep_end(id, number, '', {'j', id, 's', packed}) end
end
local function write_run(id, run_id, run, result, is_final, value)
  local text = run_texts[run_id] or cmsgpack.pack(run)
  ledger[#ledger + 1] =
    {digits(take_number()) .. '-0', 'j', id, 'i', run_id, 'r', text, 'o', result, 'f', is_final and '1' or '0'}
  if is_final and run[R_EXTRA] == AWAITED then
    keep_end(id, run[R_REVISION], value or '', {'j', id, 'i', run_id, 'r', text, 'o', result, 'f', '1'})
  end
end

-- Active runs: of each a member of `active` as well, "JOB\0FENCE RUN" without the blank, so that those of a job are
-- counted and found, oldest first.
local runs, changed_runs, new_runs, dropped_runs, actives, more_active = {}, {}, {}, {}, {}, {}
local function run_in(text)
  local run = cmsgpack.unpack(text)
  local sum = run[R_BORN] + run[R_FENCE] + run[R_OCCURRENCE] + run[R_DUE] + run[R_STARTED] + run[R_ATTEMPT] + run[R_WHY] +
    run[R_TAKEN] + run[R_EXTRA] + run[R_STOP] + run[R_REVISION] + #run[R_JOB] + #run[R_MEMBER]
  if #run ~= R_REVISION and (#run ~= R_FOLLOWS or #run[R_FOLLOWS] ~= 3) then error('no run') end
  return run
end
local function read_runs(ids)
  local texts = read_records('run', ids, run_in, runs)
  for k, id in ipairs(ids) do run_texts[id] = texts[k] end
end
local function active_name(run_id, run) return run[R_JOB] .. '\0' .. string.format(SIXTEEN, run[R_FENCE]) .. run_id end
-- How many runs of a job are active: those in Redis, and what this script makes more or fewer of them.
local function active_of(id)
  local number = actives[id]
  if not number then
    number = redis.call('ZLEXCOUNT', prefix .. 'active', '[' .. id .. '\0', '(' .. id .. '\1')
    actives[id] = number
  end
  return number + (more_active[id] or 0)
end
local function hold(id, run_id, run)
  run[R_FENCE] = take_number()
  more_active[id] = (more_active[id] or 0) + 1
  runs[run_id], changed_runs[run_id] = run, true
  new_runs[#new_runs + 1] = run_id
  return run[R_FENCE]
end
local function drop(run_id, run)
  more_active[run[R_JOB]] = (more_active[run[R_JOB]] or 0) - 1
  dropped_runs[run_id], runs[run_id], changed_runs[run_id] = run, false, nil
end

-- Waiting runs of a job: `wait:ID`, by time, then in the order of arrival; `waiting` has the earliest of each job.
local W_DUE, W_OCCURRENCE, W_ATTEMPT, W_WHY, W_EXTRA, W_PLANNED_AS, W_CANCELS, W_REVISION = 1, 2, 3, 4, 5, 6, 7, 8
local W_FOLLOWS = 9  -- as R_FOLLOWS
local RETRY, QUEUED, RERUN, RUN_NOW, FOLLOWS = 0, 1, 2, 3, 4  -- waiting_reason
local function read_waiting(ids)
  local times = redis.call('ZMSCORE', prefix .. 'waiting', unpack(ids))
  for k, id in ipairs(ids) do waiting[id] = times[k] and tonumber(times[k]) end
end
local function waiting_in(member)
  local run = cmsgpack.unpack(string.sub(member, 17))
  local sum = run[W_DUE] + run[W_OCCURRENCE] + run[W_ATTEMPT] + run[W_WHY] + run[W_EXTRA] + run[W_REVISION] +
    #run[W_PLANNED_AS] + #run[W_CANCELS]
  if #run ~= W_REVISION and (#run ~= W_FOLLOWS or #run[W_FOLLOWS] ~= 3) then error('no waiting run') end
  return run
end
-- Those that can be read, as { member, run }, and those that cannot, as { member, when }.
local function waiting_runs(id)
  local all, damaged = {}, {}
  if not waiting[id] then return all, damaged end
  local there = redis.call('ZRANGE', prefix .. 'wait:' .. id, 0, -1, 'WITHSCORES')
  for k = 1, #there, 2 do
    local fine, run = pcall(waiting_in, there[k])
    if fine then all[#all + 1] = {there[k], run} else damaged[#damaged + 1] = {there[k], tonumber(there[k + 1])} end
  end
  return all, damaged
end
local function wait_until(id, at, run)
  redis.call('ZADD', prefix .. 'wait:' .. id, digits(at), string.format(SIXTEEN, take_number()) .. cmsgpack.pack(run))
  if waiting[id] and waiting[id] <= at then return end
  waiting[id] = at
  redis.call('ZADD', prefix .. 'waiting', digits(at), id)
end
local function follow_waiting(id)
  local first = redis.call('ZRANGE', prefix .. 'wait:' .. id, 0, 0, 'WITHSCORES')
  waiting[id] = first[2] and tonumber(first[2]) or false
  if waiting[id] then
    redis.call('ZADD', prefix .. 'waiting', digits(waiting[id]), id)
  else
    redis.call('ZREM', prefix .. 'waiting', id)
  end
end

-- What waits does not run, and the ledger says so. Active runs stay.
local function drop_waiting(id, why)
  if not waiting[id] then return end
  local readable, damaged = waiting_runs(id)
  for _, each in ipairs(readable) do
    local run = each[2]
    write_skip(id, run[W_OCCURRENCE], run[W_EXTRA], why, run[W_REVISION], run[W_FOLLOWS])
  end
  for _, each in ipairs(damaged) do write_skip(id, each[2], 0, why) end
  redis.call('DEL', prefix .. 'wait:' .. id)
  redis.call('ZREM', prefix .. 'waiting', id)
  waiting[id] = false
end
local function forget(id)
  drop_waiting(id, 'removed')
  jobs[id], changed_jobs[id], changed_due[id], notes[id], definitions[id] = false, nil, nil, nil, nil
  skips[id], carried[id], follows[id] = nil, nil, nil
  forgotten[id] = true
end
-- Removes a job that has ended and of which nothing runs or waits, unless it is to be kept.
local function end_if_over(id)
  local job = jobs[id]
  if job[STATE] ~= HAS_ENDED or job[KEEP] ~= 0 or waiting[id] or active_of(id) > 0 then return false end
  tell_change(id, job, take_number(), IS_REMOVED)
  forget(id)
  return true
end
local function put_again(id, run, at, why)
  wait_until(id, at, {at, run[R_OCCURRENCE], run[R_ATTEMPT] + 1, why, run[R_EXTRA], '', '', run[R_REVISION], run[R_FOLLOWS]})
end

-- `wanted`: packed { job, ends_mask, ... }, or '': none. What it was told of those that it goes on to follow stays.
local function follow_from_now(id, wanted)
  local fine, before = pcall(cmsgpack.unpack, redis.call('HGET', prefix .. 'follows', id) or '')
  local told, list = {}, {}
  if fine and type(before) == 'table' then
    for k = 1, #before, 3 do told[before[k]] = before[k + 2] end
  end
  local all = wanted ~= '' and cmsgpack.unpack(wanted) or {}
  for k = 1, #all, 2 do
    list[#list + 1], list[#list + 2], list[#list + 3] = all[k], all[k + 1], told[all[k]] or 0
  end
  follows[id] = list
end

local results = {}  -- What runs have returned, and for how many ms it is kept.
-- A take that has ended is remembered for as long as TCP may still deliver a copy of it: there are many of them.
local HOUR = 3600
local function remember(key, value, seconds) redis.call('SET', prefix .. key, value, 'EX', seconds or HOUR) end

local function write_runs()
  local values, names, old_ids, old_names = {}, {}, {}, {}
  for run_id in pairs(changed_runs) do
    values[#values + 1] = run_id
    values[#values + 1] = cmsgpack.pack(runs[run_id])
  end
  for _, run_id in ipairs(new_runs) do
    names[#names + 1] = '0'
    names[#names + 1] = active_name(run_id, runs[run_id])
  end
  for run_id, run in pairs(dropped_runs) do
    old_ids[#old_ids + 1] = run_id
    old_names[#old_names + 1] = active_name(run_id, run)
    if run[R_TAKEN] == 1 then remember('taken:' .. run_id, 1, HOUR) end
  end
  call_all('HDEL', 'runs', old_ids)
  call_all('ZREM', 'active', old_names)
  call_all('HSET', 'runs', values)
  call_all('ZADD', 'active', names)
end
local function write_texts(key, texts)
  local there, gone = {}, {}
  for id, text in pairs(texts) do
    if text == '' then
      gone[#gone + 1] = id
    else
      there[#there + 1] = id
      there[#there + 1] = text
    end
  end
  call_all('HSET', key, there)
  call_all('HDEL', key, gone)
end
local function write_jobs()
  local values, times, not_due, old = {}, {}, {}, {}
  for id in pairs(changed_jobs) do
    values[#values + 1] = id
    values[#values + 1] = pack_job(jobs[id])
  end
  for id in pairs(changed_due) do
    local job = jobs[id]
    if job[STATE] == IS_ACTIVE and job[CURSOR] then
      times[#times + 1] = digits(job[CURSOR] + job[DELAY])
      times[#times + 1] = id
    else
      not_due[#not_due + 1] = id
    end
  end
  for id in pairs(forgotten) do
    if not jobs[id] then
      old[#old + 1] = id
      not_due[#not_due + 1] = id
    end
  end
  call_all('HSET', 'jobs', values)
  call_all('ZADD', 'due', times)
  call_all('ZREM', 'due', not_due)
  if old[1] then
    for _, key in ipairs({'jobs', 'definitions', 'notes', 'skips', 'carried', 'follows'}) do call_all('HDEL', key, old) end
    call_all('ZREM', 'ids', old)
  end
  for id, note in pairs(notes) do
    if note == '' then redis.call('HDEL', prefix .. 'notes', id) else redis.call('HSET', prefix .. 'notes', id, note) end
  end
  write_texts('skips', skips)
  write_texts('carried', carried)
  for id, text in pairs(definitions) do redis.call('HSET', prefix .. 'definitions', id, text) end
  for id, list in pairs(follows) do
    if #list == 0 then redis.call('HDEL', prefix .. 'follows', id)
    else redis.call('HSET', prefix .. 'follows', id, cmsgpack.pack(list)) end
  end
end
local new_ends = {}  -- For `ends`: number, packed, ...; see prelude/ending.lua
local function write_all()
  write_runs()
  write_jobs()
  call_all('ZADD', 'ends', new_ends)
  for _, entry in ipairs(ledger) do redis.call('XADD', prefix .. 'ledger', 'MAXLEN', '~', ARGV[2], unpack(entry)) end
  for run_id, each in pairs(results) do
    redis.call('SET', prefix .. 'result:' .. run_id, each[1], 'PX', digits(each[2]))
  end
  for key, text in pairs(ends) do remember(key, text) end
  if took_number then redis.call('SET', prefix .. 'seq', digits(seq)) end
  for _, notice in ipairs(notices) do redis.call('PUBLISH', prefix .. 'changes', notice) end
end
