"use strict";(()=>{const d=document;
d.documentElement.classList.add("js");
const same=(a,b)=>{const l=[...b.childNodes];
l.forEach((c,i)=>{const o=a.childNodes[i];
if(!o)a.append(c);else if(!o.isEqualNode(c)){if(o.nodeName=="OL")same(o,c);else o.replaceWith(c)}});
while(a.childNodes.length>l.length)a.lastChild.remove()};
const live=()=>{const box=d.querySelector("[data-live]");
if(!box)return;setTimeout(async()=>{
const lost=d.getElementById("lost");
try{const r=await fetch(location.href);
const p=new DOMParser().parseFromString(await r.text(),"text/html");
const n=p.getElementById(box.id);
if(!n){location.reload();return}same(box,n);
if(!n.hasAttribute("data-live"))box.removeAttribute("data-live");
lost.hidden=true}catch{lost.hidden=false}live()},800)};
live();d.addEventListener("click",e=>{
const b=e.target.closest("[data-copy]");
if(b&&navigator.clipboard)navigator.clipboard.writeText(b.dataset.copy).then(()=>{
b.textContent=b.dataset.done})})})()
