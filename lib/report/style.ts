// The style sheet of the page: readable with one record and with a thousand, by day and by night, on paper.

export const style = `:root { color-scheme: light dark; --line: #8884; --ok: #4a90d9; --same: #9aa7b4; --bad: #d33; --faint: #8888; }
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
p { margin: .25rem 0; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .1rem .75rem .1rem 0; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-size: .75rem; }
pre { overflow: auto; padding: .5rem; background: #8882; }
.records { width: 100%; }
.records thead th { position: sticky; top: 0; background: Canvas; z-index: 1; }
.records td { max-width: 24rem; overflow: hidden; text-overflow: ellipsis; }
.time { width: 50%; min-width: 20rem; padding-right: 0; }
.time div { position: relative; height: 1.1rem; }
.time b { position: absolute; top: .15rem; bottom: .15rem; min-width: 2px; box-shadow: inset -1px 0 Canvas; }
.time i { position: absolute; font-style: normal; font-weight: normal; border-left: 1px solid var(--faint); padding-left: .2rem; }
b.changed { background: var(--ok); }
b.same { background: var(--same); }
b.bad { background: var(--bad); }
tr.failed td:first-child, li strong { color: var(--bad); font-weight: bold; }
tr.untouched { color: var(--faint); }
ul { list-style: none; padding: 0; }
.legend b { display: inline-block; width: 1rem; height: .8rem; margin-left: 1rem; vertical-align: middle; }
form { margin-bottom: .5rem; }
body:has(#failed:checked) tbody tr:is(.ok, .changed, .untouched),
body:has(#changed:checked) tbody tr:is(.ok, .failed, .untouched),
body:has(#untouched:checked) tbody tr:is(.ok, .failed, .changed) { display: none; }
@media print { .records thead th { position: static; } form { display: none; } }
`;
