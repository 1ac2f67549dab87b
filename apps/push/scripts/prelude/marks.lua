-- What is shared by the scripts of the push service. A push has a name, and a key that marks it:
--   UID|TAG        of the set of subscriptions, due once a day:                  ARGV[1] .. name
--   |UID|TAG|DUE   of what may be due more often, or is sent again by hand:      ARGV[2] .. name
-- The value of the mark is `pending:TOKEN` while somebody is at it, until the lease is over; `done:TOKEN` when it was sent,
-- for as long as that counts; any other value, and any other type, counts as sent.
-- What is under way, or has ended without being sent, has a field in the hash KEYS[1]: name -> `DUE ATTEMPT STATE`, where STATE is
--   o  begun: if the mark is gone, nobody knows how it ended       r  the same, and it was so before: a possible repeat
--   f  given back before its end, nothing of it under way          d  dead: not tried again for that due time
--   D  dead, and it may have arrived
local function marks_of(names)
  local marks = {}
  for i, name in ipairs(names) do
    marks[i] = (string.byte(name) == 124 and ARGV[2] or ARGV[1]) .. name
  end
  return marks
end

-- Every `step`-th argument from `first` on.
local function every(step, first)
  local all = {}
  for i = first, #ARGV, step do all[#all + 1] = ARGV[i] end
  return all
end

-- Removes letters of KEYS[2] by their ids, which have blanks between them.
local function forget_letters(ids)
  for id in string.gmatch(ids, '%S+') do redis.call('XDEL', KEYS[2], id) end
end
