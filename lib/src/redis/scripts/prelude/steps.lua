-- Answers steps that each name a job (their first word) and a run: what they name is read at once, each is answered by
-- itself, and all is written at the end. One whose job or run cannot be read answers so.
local function answer_each(steps, run_at, answer_to)
  local ids, run_ids, answers = {}, {}, {}
  for k, step in ipairs(steps) do ids[k], run_ids[k] = step[1], step[run_at] end
  read_jobs(ids)
  read_waiting(ids)
  read_runs(run_ids)
  for k, step in ipairs(steps) do
    answers[k] = unreadable and (unreadable['job ' .. ids[k]] or unreadable['run ' .. run_ids[k]]) or
      answer_to(step)
  end
  write_all()
  return answers
end
