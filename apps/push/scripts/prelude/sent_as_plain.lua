-- Leaves out what a subscription of the set was sent for the same time: it is not sent again because it has become a richer one
-- meanwhile. Names are those of richer ones; `beside` has something for each, too, or is nil.
-- Returns  what is left of names, dues and beside, and how many were left out
local function leave_out_sent_as_plain(names, dues, beside)
  if #names == 0 then return names, dues, beside, 0 end
  local plain, left, times, rest, count = {}, {}, {}, {}, 0
  for i, name in ipairs(names) do plain[i] = ARGV[1] .. (string.match(name, '^|(.*)|%d+$') or name) end
  for i, value in ipairs(redis.call('MGET', unpack(plain))) do
    if value and string.match(value, '^done:.*@(%d+)$') == dues[i] then
      count = count + 1
    else
      left[#left + 1], times[#times + 1], rest[#rest + 1] = names[i], dues[i], beside and beside[i]
    end
  end
  return left, times, beside and rest, count
end
