/** Light and dark from the reader's system; no fonts, images or scripts from anywhere. */
export const START_PAGE_STYLE = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--line:#e2e5ea;--ink:#14181f;--soft:#5b6472;--ok:#1f7a5c;--warn:#b26a00;--bad:#b3261e;
--held:#7aa7e8;--doubt:#b58ae0;--track:#e9ecf1;--code:#f0f2f5}
@media (prefers-color-scheme:dark){:root{--page:#0f1216;--card:#171b21;--line:#2a3039;--ink:#e8ebf0;--soft:#98a2b1;--ok:#4cc29a;--warn:#f0b04a;
--bad:#ff7b72;--held:#5b8fdc;--doubt:#a878dc;--track:#262c35;--code:#1f242c}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums}
header,main,footer{max-width:1180px;margin:0 auto;padding:0 24px}
header{display:flex;align-items:baseline;gap:16px;padding-top:28px;padding-bottom:8px;flex-wrap:wrap}
h1{font-size:22px;margin:0;letter-spacing:-.01em}
header p{margin:0;color:var(--soft)}
header time{margin-left:auto;color:var(--soft);font-size:13px}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px;margin:16px 0}
.fact,section{background:var(--card);border:1px solid var(--line);border-radius:10px}
.fact{padding:14px 16px}
.fact dt{color:var(--soft);font-size:13px}
.fact dd{margin:2px 0 0;font-size:22px;font-weight:600}
.fact small{display:block;font-size:12.5px;font-weight:400;color:var(--soft)}
section{margin:0 0 16px;padding:16px 18px;overflow-x:auto}
h2{font-size:15px;margin:0 0 10px}
h2 span{color:var(--soft);font-weight:400;font-size:13px}
table{border-collapse:collapse;width:100%}
th{text-align:left;font-weight:500;font-size:12.5px;color:var(--soft);padding:4px 12px 4px 0;border-bottom:1px solid var(--line);white-space:nowrap}
td{padding:7px 12px 7px 0;border-bottom:1px solid var(--line);vertical-align:middle;white-space:nowrap}
tr:last-child td{border-bottom:0}
td.name{white-space:normal;overflow-wrap:anywhere;min-width:150px}
.n{text-align:right}
td small{display:block;color:var(--soft);font-size:12.5px}
td.bar{min-width:180px}
svg{display:block;width:100%}
.bar svg{height:9px;border-radius:5px;overflow:hidden}
.minutes svg{height:90px}
.track{fill:var(--track)}.spent{fill:var(--ok)}.spent.warning{fill:var(--warn)}.spent.exceeded{fill:var(--bad)}.heldpart{fill:var(--held)}.doubtpart{fill:var(--doubt)}
.minute{fill:var(--ok)}.base{fill:var(--line)}
.scale{display:flex;justify-content:space-between;color:var(--soft);font-size:12.5px;margin-top:4px}
.ok{color:var(--ok)}.warning{color:var(--warn)}.exceeded,.bad{color:var(--bad)}.soft{color:var(--soft)}
.empty{color:var(--soft);max-width:80ch}
pre{background:var(--code);border-radius:8px;padding:12px 14px;overflow-x:auto;font:12.5px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;margin:8px 0 4px;color:var(--ink)}
footer{padding-top:4px;padding-bottom:32px;color:var(--soft);font-size:13px}
a{color:inherit}
`;
