"use strict";(()=>{const d=document;
d.documentElement.classList.add("js");
const live=()=>{const box=d.querySelector("[data-live]");
if(!box)return;setTimeout(async()=>{
const lost=d.getElementById("lost");
try{const r=await fetch(location.href);
const p=new DOMParser().parseFromString(await r.text(),"text/html");
const n=p.getElementById(box.id);
if(!n){location.reload();return}if(n.innerHTML!==box.innerHTML)box.replaceChildren(...n.childNodes);
if(!n.hasAttribute("data-live"))box.removeAttribute("data-live");
lost.hidden=true}catch{lost.hidden=false}live()},800)};
live();d.addEventListener("click",e=>{
const b=e.target.closest("[data-copy]");
if(b&&navigator.clipboard)navigator.clipboard.writeText(b.dataset.copy).then(()=>{
b.textContent=b.dataset.done})})})()
