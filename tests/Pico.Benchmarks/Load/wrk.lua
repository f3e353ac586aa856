-- Arguments: none for a GET, or the number of bytes to POST. Prints what was measured as one line of JSON.
function init(args)
   if args[1] then
      wrk.method = "POST"
      wrk.body = string.rep("x", tonumber(args[1]))
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
