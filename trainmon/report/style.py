"""The style sheet of the page: light and dark by what the reader's system asks for, and fit for paper."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --edge: #e3e6eb; --soft: #eef0f4;
  --text: #1b2430; --muted: #667180; --faint: #98a2b0;
  --train: #2f6fde; --validation: #d9730d; --best: #1a8a4b; --other: #7a5af5;
  --good: #1a8a4b; --good-soft: #e2f4e9; --busy: #2f6fde; --busy-soft: #e5eefc;
  --warn: #a86200; --warn-soft: #fdf1dc; --bad: #cf2f3e; --bad-soft: #fde8ea;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1217; --card: #171b22; --edge: #272d37; --soft: #1f252e;
    --text: #e4e9f0; --muted: #98a3b3; --faint: #6b7686;
    --train: #6aa5ff; --validation: #f2a65a; --best: #52c98a; --other: #a78bfa;
    --good: #52c98a; --good-soft: #14301f; --busy: #6aa5ff; --busy-soft: #16263f;
    --warn: #f0b45a; --warn-soft: #352712; --bad: #ff7a85; --bad-soft: #3a171c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif;
  -webkit-text-size-adjust: 100%;
}
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 12px; letter-spacing: -0.005em; }
h2 small { font-weight: 400; font-size: 14px; color: var(--muted); margin-left: 8px; }
h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere; }
code, pre, .mono { font-family: var(--mono); font-size: 12.5px; }
.headline { display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: center; }
.pill { border-radius: 999px; padding: 4px 13px; font-size: 13px; font-weight: 600; white-space: nowrap; }
.pill.good { color: var(--good); background: var(--good-soft); }
.pill.busy { color: var(--busy); background: var(--busy-soft); }
.pill.warn { color: var(--warn); background: var(--warn-soft); }
.pill.bad { color: var(--bad); background: var(--bad-soft); }
.why { margin: 10px 0 0; color: var(--text); overflow-wrap: anywhere; }
.about { margin: 8px 0 0; color: var(--muted); font-size: 13.5px; display: flex; flex-wrap: wrap; gap: 2px 16px; }
.bar { height: 8px; border-radius: 4px; background: var(--soft); margin-top: 18px; overflow: hidden; }
.bar span { display: block; height: 100%; border-radius: 4px; background: var(--train); }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 12px; margin-top: 20px; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 16px 18px; }
.tile { padding: 12px 16px 13px; }
.tile dt { color: var(--muted); font-size: 13px; }
.tile dd { margin: 2px 0 0; font-size: 21px; font-weight: 600; line-height: 1.25; overflow-wrap: anywhere;
  font-variant-numeric: tabular-nums; }
.tile dd.text { font-size: 15px; }
.tile p { margin: 2px 0 0; color: var(--muted); font-size: 13px; overflow-wrap: anywhere; }
dl { margin: 0; }
.chart { display: block; width: 100%; height: auto; }
.chart .grid { stroke: var(--edge); stroke-width: 1; }
.chart .axis { stroke: var(--faint); stroke-width: 1; }
.chart .tick { fill: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.small .chart .tick { font-size: 13px; }
.chart .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.chart .band { opacity: 0.18; stroke: none; }
.chart .mark { stroke: var(--card); stroke-width: 1.2; }
.chart .flag { stroke-width: 1.4; stroke-dasharray: 3 3; }
.line.train { stroke: var(--train); } .band.train { fill: var(--train); } .mark.train { fill: var(--train); }
.line.validation { stroke: var(--validation); } .mark.validation { fill: var(--validation); }
.mark.best { fill: var(--best); } .flag.bad { stroke: var(--bad); } .flag.error { stroke: var(--bad); opacity: 0.6; }
.line.other { stroke: var(--other); } .band.other { fill: var(--other); }
.line.redone { stroke: var(--faint); stroke-dasharray: 2 4; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 8px; padding: 0; list-style: none;
  color: var(--muted); font-size: 13px; }
.legend i { display: inline-block; width: 18px; height: 0; border-top: 2.5px solid; vertical-align: middle;
  margin-right: 7px; }
.legend i.train { border-color: var(--train); } .legend i.validation { border-color: var(--validation); }
.legend i.other { border-color: var(--other); } .legend i.redone { border-color: var(--faint); border-style: dotted; }
.legend i.band { height: 10px; border: 0; border-radius: 2px; background: var(--train); opacity: 0.22; }
.legend i.flag { border-color: var(--bad); border-top-style: dashed; }
.legend i.best { width: 10px; height: 10px; border: 0; border-radius: 50%; background: var(--best); }
.grid-of-charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 12px; }
.small { padding: 12px 14px 8px; }
.small header { display: flex; justify-content: space-between; gap: 12px; align-items: baseline; margin-bottom: 6px; }
.small header b { white-space: nowrap; font-variant-numeric: tabular-nums; }
.small h3 { font-weight: 600; font-size: 14px; }
.small .range { color: var(--muted); font-size: 12.5px; margin: 0 0 4px; }
.split { display: flex; height: 22px; border-radius: 6px; overflow: hidden; gap: 2px; }
.split span { min-width: 2px; }
.split .training, .key.training { background: var(--train); } .split .waiting, .key.waiting { background: var(--bad); }
.split .validation, .key.validation { background: var(--validation); }
.split .checkpoint, .key.checkpoint { background: var(--other); }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px; }
.scroll { overflow: auto; max-height: 440px; padding: 0; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 600; color: var(--muted); font-size: 13px; position: sticky; top: 0;
  background: var(--card); box-shadow: inset 0 -1px var(--edge); }
td, th { padding: 7px 14px; white-space: nowrap; }
td { text-align: right; border-top: 1px solid var(--edge); }
tbody tr:first-child td { border-top: 0; }
td.text, th.text { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 120px; }
tr.best td { background: var(--good-soft); }
.chip { display: inline-block; background: var(--soft); color: var(--muted); border-radius: 6px; padding: 1px 8px;
  font-size: 12.5px; margin: 0 6px 4px 0; overflow-wrap: anywhere; }
.chip.bad { color: var(--bad); background: var(--bad-soft); }
.chip.good { color: var(--good); background: var(--good-soft); }
.error { border-left: 4px solid var(--bad); margin-bottom: 12px; }
.error .message { margin: 4px 0 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
.advice { background: var(--warn-soft); border-radius: 8px; padding: 9px 13px; margin: 8px 0; }
.advice b { color: var(--warn); }
.advice small { color: var(--muted); display: block; }
details { margin-top: 8px; }
summary { cursor: pointer; color: var(--muted); font-size: 13.5px; }
pre { margin: 8px 0 0; padding: 12px 14px; background: var(--soft); border-radius: 8px; overflow: auto;
  line-height: 1.45; max-height: 520px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 5px 22px; margin: 0; font-size: 14px; }
.facts dt { color: var(--muted); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.none { color: var(--muted); margin: 0; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 12px; }
.pair h2 { margin-top: 24px; }
footer { margin-top: 44px; color: var(--muted); font-size: 13px; border-top: 1px solid var(--edge);
  padding-top: 14px; }
@media (max-width: 520px) { main { padding: 20px 12px; } .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: 8px; } h1 { font-size: 24px; }
  .tiles { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
  .card { overflow-x: auto; } .card:not(.small) > .chart { min-width: 660px; }
  td.text, th.text { min-width: 180px; } td:has(> .pill) { min-width: 0; } }
@media print { body { background: none; } main { max-width: none; padding: 0; } .card { break-inside: avoid; }
  .scroll { max-height: none; } pre { max-height: none; } }
"""
"""Plain CSS; it names no file and no host."""
