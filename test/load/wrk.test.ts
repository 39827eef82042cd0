import assert from "node:assert/strict";
import { test } from "node:test";
import { readReport } from "./wrk.js";

const report = (more: string) => `Running 60m test @ http://127.0.0.1:8080/
  1 threads and 4 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.37ms  441.96us   4.22ms   78.95%
    Req/Sec   129.00     10.00   150.00     70.00%
  1234 requests in 10.00s, 25.51KB read
${more}Requests/sec:    123.40
`;

test("what wrk counts is read from its report", () => {
  assert.deepEqual(readReport(report("")), { requests: 1234, readErrors: 0, others: 0 });
  const errors = "  Socket errors: connect 1, read 20, write 3, timeout 5\n  Non-2xx or 3xx responses: 700\n";
  assert.deepEqual(readReport(report(errors)), { requests: 1234, readErrors: 20, others: 709 });
  assert.throws(() => readReport("unable to connect"), /wrk said\nunable to connect/);
});
