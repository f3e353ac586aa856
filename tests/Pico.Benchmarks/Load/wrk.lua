-- Arguments: none for a GET, or the number of bytes to POST, 0 for a GET; then the endpoints that requests go to in turn, instead of the one in the header.
function init(args)
   if args[1] and tonumber(args[1]) > 0 then
      wrk.method = "POST"
      wrk.body = string.rep("x", tonumber(args[1]))
   end
   if not args[2] then return end

   local requests = {}
   for i = 2, #args do
      wrk.headers["x-pico-endpoint"] = args[i]
      requests[i - 1] = wrk.format()
   end
   local turn = 0
   request = function()
      turn = turn % #requests + 1
      return requests[turn]
   end
end

function done(summary, latency, requests)
   local e = summary.errors
   io.write(string.format(
      '{"duration_us":%d,"requests":%d,"bytes":%d,"p50_us":%d,"p99_us":%d,' ..
      '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
      summary.duration, summary.requests, summary.bytes, latency:percentile(50), latency:percentile(99),
      e.connect, e.read, e.write, e.status, e.timeout))
end
