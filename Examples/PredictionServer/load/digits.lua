-- What wrk sends and keeps: POST /digits with the images of digits.csv, one after the other; every answer goes to a
-- file of its thread, every other status is counted. Arguments: digits.csv, the folder of the answers.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  local headers = { ["Content-Type"] = "application/json" }
  requests, sent = {}, number * 37
  for line in io.lines(arguments[1]) do
    local pixels = line:match("^(.*),%d+%s*$")
    local body = string.format('{"id":%d,"pixels":[%s]}', #requests, pixels)
    table.insert(requests, wrk.format("POST", "/digits", headers, body))
  end
  answers = assert(io.open(arguments[2] .. "/answers-" .. number, "w"))
  given, refused, failed = 0, 0, 0
end

function request()
  sent = sent + 1
  return requests[sent % #requests + 1]
end

function response(status, headers, body)
  if status == 200 then
    given = given + 1
    answers:write(body, "\n")
  elseif status == 503 then
    refused = refused + 1
  else
    failed = failed + 1
  end
end

function done(summary, latency, requests)
  local given, refused, failed = 0, 0, 0
  for _, thread in ipairs(threads) do
    given, refused, failed = given + thread:get("given"), refused + thread:get("refused"), failed + thread:get("failed")
  end
  local errors = summary.errors
  print(string.format(
    'result {"given": %d, "refused": %d, "failed": %d, "broken": %d, "seconds": %.3f, "p50": %.3f, "p99": %.3f}',
    given, refused, failed, errors.connect + errors.read + errors.write + errors.timeout, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
