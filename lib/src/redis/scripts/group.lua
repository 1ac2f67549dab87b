--[[
Takes in what a member says of its part in a group, and gives out the places that are free: each to the member whose first waiting
run has the lowest rank. Members that are gone lose theirs.

KEYS[1]  hash  the namespace's `meta`; see prelude/members.lua
KEYS[2]  hash  the group: member -> NUMBER LIMIT GIVEN RETURNED WAITING RANK..., see docs/redis.md
ARGV[1]  id of the store     ARGV[2]  its partitions     ARGV[3]  member     ARGV[4]  name of the group
ARGV[5]  number of this question: one that is not greater than the last changes nothing     ARGV[6]  places there are
ARGV[7]  places that the member knows to have been given     ARGV[8]  those it has given back     ARGV[9]  how many runs wait
ARGV[10...]  ranks of the first of those, the lowest first
Returns  { 0 | 1 no member | 2 other store, places given to the member so far, the limit that counts: the smallest of all members }
Tells the other members that were given places, on the channel `groups`: MEMBER NUL GROUP.
--]]
-- include: members
local NUMBER, LIMIT, GIVEN, RETURNED, WAITING, FIRST_RANK = 1, 2, 3, 4, 5, 6
local me, name = ARGV[3], ARGV[4]
if not is_store(ARGV[1], ARGV[2]) then return {OTHER_STORE} end
if not redis.call('ZSCORE', prefix .. 'members', me) then return {GONE} end

local shares, changed = {}, {}
local function read(text)
  local share = {}
  for number in string.gmatch(text, '%d+') do share[#share + 1] = tonumber(number) end
  return #share >= WAITING and share or nil
end
local function read_all()
  local there = redis.call('HGETALL', KEYS[2])
  for k = 1, #there, 2 do
    local member = there[k]
    if redis.call('ZSCORE', prefix .. 'members', member) then shares[member] = read(there[k + 1]) end
    if not shares[member] then redis.call('HDEL', KEYS[2], member) end
  end
end
local function take_in()
  local old, said = shares[me] or {0, 1, 0, 0, 0}, {}
  for k = 5, #ARGV do said[k - 4] = tonumber(ARGV[k]) end
  if shares[me] and said[NUMBER] <= old[NUMBER] then return end
  local given = math.max(old[GIVEN], said[GIVEN])
  local gone = given - said[GIVEN]  -- while this question was under way: the first of those that wait will have them
  local share = {said[NUMBER], said[LIMIT], given, math.min(math.max(old[RETURNED], said[RETURNED]), given)}
  share[WAITING] = math.max(said[WAITING] - gone, 0)
  for k = FIRST_RANK + gone, #said do share[#share + 1] = said[k] end
  shares[me], changed[me] = share, true
end
local function give_out(limit, held)
  while held < limit do
    local first
    for member, share in pairs(shares) do
      local rank = share[FIRST_RANK]
      local best = first and shares[first][FIRST_RANK]
      if rank and (not best or rank < best or (rank == best and member < first)) then first = member end
    end
    if not first then return end
    local share = shares[first]
    table.remove(share, FIRST_RANK)
    share[GIVEN], share[WAITING] = share[GIVEN] + 1, math.max(share[WAITING] - 1, 0)
    changed[first] = true
    held = held + 1
  end
end

read_all()
take_in()
local limit, held = shares[me][LIMIT], 0
for _, share in pairs(shares) do
  limit = math.min(limit, share[LIMIT])
  held = held + share[GIVEN] - share[RETURNED]
end
give_out(limit, held)
for member in pairs(changed) do
  local words = {}
  for k, number in ipairs(shares[member]) do words[k] = string.format('%.0f', number) end
  redis.call('HSET', KEYS[2], member, table.concat(words, ' '))
  if member ~= me then redis.call('PUBLISH', prefix .. 'groups', member .. '\0' .. name) end
end
redis.call('EXPIRE', KEYS[2], 86400)
return {MEMBER, shares[me][GIVEN], limit}
