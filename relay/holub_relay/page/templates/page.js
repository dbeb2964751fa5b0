(function () {
var d = document, m = d.querySelector("main"), lost = d.getElementById("lost");
var bell = d.getElementById("bell"), units = m.dataset.u.split("|");
var base, heard, audio, source, last = Date.now(), asked = 0, failed = false;
// the same as age_text in texts.py
function age(s) {
var n = Math.floor(s / 60), h = Math.floor(n / 60), y = Math.floor(h / 24);
if (n < 1) return units[0];
if (h < 1) return n + " " + units[1];
if (y < 1) return h + " " + units[2] + (n % 60 ? " " + n % 60 + " " + units[1] : "");
return y + " " + units[3] + (h % 24 ? " " + h % 24 + " " + units[2] : "");
}
function show() {
var now = base + Date.now() / 1000, silent = failed || Date.now() - last > 40000;
d.querySelectorAll("[data-s]").forEach(function (e) {
var text = age(now - e.dataset.s);
if (e.textContent !== text) e.textContent = text;
});
lost.hidden = !silent;
d.body.className = silent ? "lost" : "";
}
function beep() {
if (!audio) return;
[0, .4, .8].forEach(function (wait) {
var tone = audio.createOscillator(), start = audio.currentTime + wait;
tone.frequency.value = 880;
tone.connect(audio.destination);
tone.start(start);
tone.stop(start + .25);
});
}
function take() {
var ids = m.dataset.i.split(" ").filter(Boolean);
base = m.dataset.now - Date.now() / 1000;
if (heard && ids.some(function (id) { return heard.indexOf(id) < 0; })) beep();
heard = ids;
d.title = m.querySelector("h1").textContent + ": " + m.querySelector(".k").textContent;
show();
}
function ask() {
var turn = ++asked;
fetch(location.pathname + "?part=1", {cache: "no-store"}).then(function (r) {
if (!r.ok) throw 0;
return r.text();
}).then(function (html) {
if (turn !== asked) return;
var box = d.createElement("div");
box.innerHTML = html;
var fresh = box.firstElementChild;
// what has not changed stays in place, else readers hear it again at every board
["a", "b"].forEach(function (id) {
var is = d.getElementById(id), will = fresh.querySelector("#" + id);
if (is.outerHTML !== will.outerHTML) is.replaceWith(will);
});
m.className = fresh.className;
m.dataset.i = fresh.dataset.i;
m.dataset.now = fresh.dataset.now;
last = Date.now();
failed = false;
take();
}).catch(function () {
if (turn !== asked) return;
failed = true;
show();
setTimeout(ask, 3000);
});
}
function listen() {
source = new EventSource("/events");
source.onerror = ask;
source.addEventListener("state", ask);
source.addEventListener("alive", function () { if (!failed) last = Date.now(); });
}
bell.hidden = false;
bell.onclick = function () {
audio = audio || new (window.AudioContext || window.webkitAudioContext)();
audio.resume();
bell.textContent = bell.dataset.on;
beep();
};
d.addEventListener("visibilitychange", function () { if (!d.hidden) ask(); });
setInterval(show, 1000);
setInterval(function () { if (source.readyState === 2) { ask(); listen(); } }, 15000);
take();
listen();
})();
