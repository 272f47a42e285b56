/** The page's style: light and dark as the reader's system is, fit for paper and for a phone. */
import { Markup } from './escape.ts'

export const PAGE_STYLE = new Markup(`
:root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--soft:#5d6877;--line:#e2e6ec;--panel:#f6f8fa;--bar:#b9c6d6;--error:#c8372d;--warn:#b87a08;--warn-bar:#e0a52b;--low:#5d6877;--link:#2a5db0;--it:#fff3cf;--on:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e4e8ee;--soft:#98a3b3;--line:#2a323d;--panel:#1a2029;--bar:#3f4d60;--error:#f0685e;--warn:#e6b04a;--warn-bar:#e6b04a;--low:#98a3b3;--link:#8ab4f8;--it:#3a331b;--on:#12161c}}
*{box-sizing:border-box}
body{margin:0 auto;padding:28px 24px 64px;max-width:1008px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em;overflow-wrap:anywhere}h2{font-size:18px;margin:36px 0 10px}
.kicker{font-size:13px;color:var(--soft);text-transform:uppercase;letter-spacing:.06em;margin:0 0 2px}
a{color:var(--link)}p{margin:0 0 8px}.lead{font-size:16px;max-width:76ch;margin-top:10px}.soft{color:var(--soft)}
.high{--tone:var(--error)}.medium{--tone:var(--warn)}.low{--tone:var(--low)}
.badge{flex:none;margin-top:1px;min-width:20px;height:20px;padding:0 5px;margin-right:8px;border-radius:10px;background:var(--tone);color:var(--on);font-size:12px;font-weight:600;line-height:20px;text-align:center;vertical-align:1px}
.first{margin:14px 0 0;padding:12px 16px;border:1px solid var(--line);border-radius:8px;background:var(--panel)}.first h2{font-size:13px;margin:0 0 6px;color:var(--soft);font-weight:600}.first ol{list-style:none;margin:0;padding:0;font-size:16px;font-weight:600}.first li{margin:4px 0}.first li a{display:flex;color:inherit;text-decoration:none;overflow-wrap:anywhere}.first li a:hover{text-decoration:underline}.first a .soft{font-weight:400}.first p{margin:6px 0 0;font-size:14px}
.numbers{display:grid;grid-template-columns:repeat(5,1fr);gap:10px;margin:14px 0 0;padding:0}
.numbers div{border:1px solid var(--line);border-radius:8px;padding:8px 14px}
.numbers dt{color:var(--soft);font-size:13px}.numbers dd{margin:0;font-size:21px;font-weight:600;font-variant-numeric:tabular-nums}
.numbers .error dd{color:var(--error)}.numbers .warn dd{color:var(--warn)}
.chart{overflow-x:auto}svg{display:block;width:100%;height:auto}.b-entries{fill:var(--bar);background:var(--bar)}.b-warn{fill:var(--warn-bar);background:var(--warn-bar)}.b-error{fill:var(--error);background:var(--error)}
.grid line{stroke:var(--line)}.axis text{fill:var(--soft);font-size:11px}
.marks line{stroke:var(--tone);stroke-dasharray:2 3}.marks circle{fill:var(--tone)}.marks text{fill:var(--on);font-size:10.5px;font-weight:600}
.legend{display:flex;gap:6px 18px;flex-wrap:wrap;font-size:13px;color:var(--soft);margin-top:6px}.legend i{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px}
.findings{list-style:none;margin:0;padding:0}.findings li{border:1px solid var(--line);border-left:4px solid var(--tone);border-radius:6px;padding:12px 16px;margin-bottom:12px;scroll-margin-top:12px}.findings li:target,tr:target{outline:2px solid var(--link);outline-offset:2px}
.findings h3{display:flex;font-size:16px;line-height:1.4;margin:0 0 4px;overflow-wrap:anywhere;break-after:avoid}.findings p{overflow-wrap:anywhere}.findings .where{font-size:13px;color:var(--soft);margin:6px 0 0}.where b{color:var(--tone);font-weight:600}
pre{margin:8px 0;padding:6px 0;background:var(--panel);border-radius:6px;font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}.line{display:block;padding:0 12px 0 60px;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:4}.line i{float:left;width:44px;margin-left:-54px;text-align:right;color:var(--soft);font-style:normal;user-select:none}.it{background:var(--it)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}th{text-align:left;font-weight:600;font-size:13px;color:var(--soft);border-bottom:1px solid var(--line);padding:6px 12px 6px 0;white-space:nowrap}
td{border-bottom:1px solid var(--line);padding:8px 12px 8px 0;vertical-align:top}tr{break-inside:avoid}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.when{white-space:nowrap}
.share{background:linear-gradient(var(--bar),var(--bar)) no-repeat right 12px top 31px/min(var(--share),calc(100% - 12px)) 2px}
code{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}code.path{display:block;min-width:24ch;padding-top:2px}code b{color:var(--link);font-weight:600}
details{margin-top:3px;font-size:13px;color:var(--soft)}summary{cursor:pointer}details code{display:block;white-space:pre-wrap;margin-top:4px;padding:8px 10px;background:var(--panel);border-radius:6px;color:var(--ink)}
.level{display:inline-block;padding:0 7px;border-radius:9px;font-size:12px;line-height:18px;border:1px solid var(--line);color:var(--soft)}.level.error,.level.fatal{color:var(--error);border-color:currentColor}.level.warn{color:var(--warn);border-color:currentColor}
.kinds{list-style:none;display:flex;flex-wrap:wrap;gap:8px;margin:0;padding:0}.kinds li{border:1px solid var(--line);border-radius:16px;padding:3px 12px;font-size:14px}.kinds b{font-variant-numeric:tabular-nums}
footer{margin-top:44px;color:var(--soft);font-size:13px}
@media (max-width:600px){body{padding:18px 14px 40px}h1{font-size:22px}.lead{font-size:15px}.numbers{grid-template-columns:repeat(6,1fr);gap:8px}.numbers div{padding:6px 10px;grid-column:span 2}.numbers div:nth-child(-n+2){grid-column:span 3}.numbers dd{font-size:18px}.chart svg{width:640px}.findings li{padding:10px 12px}.line{padding-left:46px}.line i{margin-left:-44px;width:36px}.share{background:none}td,th{padding-right:8px}}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#1c2430;--soft:#5d6877;--line:#d5dae1;--panel:#f6f8fa;--bar:#b9c6d6;--error:#c8372d;--warn:#b87a08;--warn-bar:#e0a52b;--low:#5d6877;--link:#2a5db0;--it:#fff3cf;--on:#fff}body{max-width:none;padding:0;font-size:12px;-webkit-print-color-adjust:exact;print-color-adjust:exact}h2{break-after:avoid}.findings li{break-inside:avoid}.chart svg{width:100%}.scroll,.chart{overflow:visible}a{color:inherit;text-decoration:none}}
`)
