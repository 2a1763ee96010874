/* SPDX-License-Identifier: MIT */
#include "web/look.h"

#include "base/crypt.h"
#include "codec/base64.h"

/* Colours of both schemes have a contrast of 4.5 at least (WCAG 1.4.3). */
const char look_style[] =
    ":root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#1b1f24;"
    "--dim:#59636e;--line:#d1d9e0;--link:#0a5bc4;--ok:#116329;--bad:#b3141d;"
    "--note:#7a4e00;--on:#fff}"
    "@media(prefers-color-scheme:dark){:root{--bg:#0f1318;--card:#171c23;"
    "--text:#e6eaef;--dim:#9aa6b2;--line:#333c47;--link:#7ab7ff;--ok:#5fd07e;"
    "--bad:#ff8d87;--note:#e3b341;--on:#0f1318}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--bg);color:var(--text);"
    "font:16px/1.5 system-ui,sans-serif}"
    "header,main,footer{max-width:64rem;margin:0 auto;padding:.75rem 1rem}"
    "main{overflow-wrap:anywhere}"
    "header{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;"
    "align-items:center}"
    "header b{font-size:1.15rem}"
    "nav{display:flex;flex-wrap:wrap;gap:.25rem;flex:1;margin:0 -.5rem}"
    "nav a{padding:.3rem .7rem;border-radius:.4rem;text-decoration:none}"
    "nav a[aria-current]{background:var(--link);color:var(--on)}"
    "a{color:var(--link)}"
    "footer,.dim,small{color:var(--dim);font-size:.875rem}"
    "h1{font-size:1.4rem;margin:.5rem 0 1rem}h2{font-size:1.1rem;margin:0 0 "
    ".5rem}"
    "section{background:var(--card);border:1px solid var(--line);"
    "border-radius:.6rem;padding:1rem;margin:0 0 1rem;overflow-x:auto}"
    "section>:first-child{margin-top:0}"
    "section>:last-child,td>:last-child,#steps>:last-child{margin-bottom:0}"
    "input[type=hidden]+label{margin-top:0}"
    "label{display:block;font-weight:600;margin:.8rem 0 .2rem}"
    "label small{display:block;font-weight:400}"
    "label.line{display:flex;gap:.5rem;align-items:center}"
    "input,select{font:inherit;font-weight:400;color:inherit;background:var(--"
    "bg);"
    "border:1px solid var(--dim);border-radius:.4rem;padding:.4rem .6rem;"
    "width:100%;max-width:36rem}"
    "::placeholder{color:var(--dim);opacity:1}"
    "[aria-invalid]{border:2px solid var(--bad)}"
    "input[type=checkbox]{width:1.2rem;height:1.2rem;margin:0;"
    "accent-color:var(--link)}"
    "details{margin:.8rem 0}summary{color:var(--link);cursor:pointer}"
    "td details{margin:0}"
    "button{font:inherit;font-weight:600;color:var(--on);"
    "background:var(--link);border:1px solid var(--link);"
    "border-radius:.4rem;padding:.4rem 1rem;margin:.4rem .3rem .2rem 0;"
    "cursor:pointer;white-space:nowrap}"
    "button.second{background:none;color:var(--link)}"
    "button.small{padding:.1rem .5rem;font-size:.875rem;margin:0}"
    "button.bad{background:none;color:var(--bad);border-color:var(--bad)}"
    ":focus-visible{outline:3px solid var(--link);outline-offset:2px}"
    ".skip{position:absolute;left:-99rem}.skip:focus{left:1rem}"
    "td form{display:flex;flex-wrap:wrap;gap:.3rem}"
    ".row{display:flex;flex-wrap:wrap;gap:0 1rem}.row label{flex:1 1 10rem;"
    "margin-top:.4rem}"
    "table{border-collapse:collapse;width:100%;font-size:.9375rem}"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;"
    "border-bottom:1px solid var(--line)}"
    "th{font-weight:600}td.n,th.n{text-align:right}"
    "th,td[class]{white-space:nowrap}"
    "table.list td:nth-child(3){min-width:15rem}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;"
    "margin:0}dt{color:var(--dim)}dd{margin:0}"
    "code{font-family:ui-monospace,monospace;font-size:.9em}"
    "ol.steps{list-style:none;margin:0;padding:0}"
    "ol.steps li{padding:.3rem 0 .3rem 5.2rem;position:relative}"
    "ol.steps li>b:first-child{position:absolute;left:0}"
    ".cure{border-left:3px solid var(--note);padding-left:.7rem;"
    "margin:.2rem 0}"
    ".ok{color:var(--ok)}.fail,.failed,.dead,.bounced{color:var(--bad)}"
    ".note,.hold,.later{color:var(--note)}"
    ".box{border:2px solid;border-radius:.6rem;padding:.6rem 1rem;"
    "margin:.6rem 0 1rem}.box p{margin:.2rem 0;"
    "color:var(--text);white-space:pre-line}"
    "svg text{fill:var(--dim);font-size:10px;text-anchor:middle;"
    "transform:translateX(7.5px)}"
    ".s-sent{fill:var(--ok)}.s-wait{fill:var(--note)}.s-bad{fill:var(--bad)}"
    "svg.key{vertical-align:-.1em}svg.key~svg.key{margin-left:.6rem}"
    "html:not(.js) .onlyjs{display:none}"
    "@media(max-width:40rem){nav{order:1;flex:1 0 100%}nav a{padding:.3rem "
    ".5rem}svg text{font-size:18px}"
    "dl{grid-template-columns:1fr}dt{margin-top:.3rem}"
    "table.list thead{display:none}table.list tr{display:block;"
    "border-bottom:1px solid var(--line);padding:.4rem 0}"
    "table.list td{display:block;border:0;padding:.05rem 0}"
    "ol.steps li{padding-left:0}ol.steps li>b:first-child{position:static}}";

/* Makes live what works without it by loading anew. */
const char look_script[] =
    "\"use strict\";(()=>{const d=document;"
    "d.documentElement.classList.add(\"js\");"
    "const live=()=>{const box=d.querySelector(\"[data-live]\");if(!box)"
    "return;setTimeout(async()=>{const lost=d.getElementById(\"lost\");try{"
    "const r=await fetch(location.href);"
    "const p=new DOMParser().parseFromString(await r.text(),\"text/html\");"
    "const n=p.getElementById(box.id);if(!n){location.reload();return}"
    "if(n.innerHTML!==box.innerHTML)box.replaceChildren(...n.childNodes);"
    "if(!n.hasAttribute(\"data-live\"))box.removeAttribute(\"data-live\");"
    "lost.hidden=true}catch{lost.hidden=false}live()},800)};live();"
    "d.addEventListener(\"click\",e=>{"
    "const b=e.target.closest(\"[data-copy]\");"
    "if(b&&navigator.clipboard)navigator.clipboard.writeText(b.dataset.copy)"
    ".then(()=>{b.textContent=b.dataset.done})})})()";

static void
look_add_hash(struct buf *out, const char *text)
{
	unsigned char sum[CRYPT_SHA256_SIZE];

	crypt_sha256(str_of(text), sum);
	buf_addz(out, "'sha256-");
	base64_encode(out, (struct str){ (const char *)sum, sizeof(sum) });
	buf_addz(out, "'; ");
}

void
look_fields(struct buf *out)
{
	buf_addz(out,
	    "Content-Security-Policy: default-src 'none'; style-src ");
	look_add_hash(out, look_style);
	buf_addz(out, "script-src ");
	look_add_hash(out, look_script);
	buf_addz(out,
	    "connect-src 'self'; form-action 'self'; base-uri 'none'; "
	    "frame-ancestors 'none'\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "X-Frame-Options: DENY\r\n"
	    "Referrer-Policy: same-origin\r\n"
	    "Cross-Origin-Opener-Policy: same-origin\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n"
	    "Cache-Control: no-store\r\n");
}
