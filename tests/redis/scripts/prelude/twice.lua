-- include: add
local function twice(a) return add(a, a) end
