// SPDX-License-Identifier: MIT
// What web_browser.js stands on: results, processes, a browser whose whole
// traffic is kept, and what can be measured of a page. Every wait has an end.
'use strict';
const child = require('child_process');
const fs = require('fs');
const http = require('http');
const path = require('path');

const { POST365, POST365_SAN, TMP, TOP } = process.env;
const NPM = (process.env.NPM || TOP + '/build/npm') + '/node_modules/';
const WAIT = 20000; // ms, of one wait
const SHOTS = TOP + '/build/web';

// --- results, as lib.sh prints them

let failures = 0;
let scenario = '';

const line = (s) => String(s).replace(/\s+/g, ' ').slice(0, 400);
const named = (name) => (scenario ? scenario + ': ' : '') + name;
const ok = (name) => console.log('ok ' + named(name));
function notOk(name, why) {
	failures++;
	console.log('not ok ' + named(name) + ': ' + line(why));
}
const holds = (name, is, why) => is ? ok(name) : notOk(name, why);
const same = (name, want, got) =>
    holds(name, want === got, `"${got}" is not "${want}"`);
function says(name, text, pattern) {
	const is = typeof pattern === 'string' ? text.includes(pattern) :
	    pattern.test(text);
	holds(name, is, `no ${pattern} in: ${text}`);
}
const lacks = (name, text, s) =>
    holds(name, !text.includes(s), `${s} is in: ${text}`);

// What the pages of a failed scenario show, to look at.
async function leave(name) {
	for (const context of browser.contexts())
		for (const page of context.pages())
			await page.screenshot({ path: `${TMP}/${name}.png`,
			    fullPage: true }).catch(() => {});
}

// Runs one scenario; what it leaves open is closed.
const open = [];
async function run(name, play) {
	const before = failures, begun = Date.now();
	scenario = name;
	try {
		await play();
	} catch (e) {
		notOk('goes through', e.stack.replace(/\x1b\[[0-9;]*m/g, ''));
	}
	if (process.env.TIMES)
		console.log(`${name}: ${(Date.now() - begun) / 1000} s`);
	if (failures > before)
		await leave(name);
	while (open.length > 0)
		await open.pop()().catch((e) => notOk('closes', e.stack));
	scenario = '';
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
// What ask gives as soon as it is true; false: not in time.
async function until(ask, ms = WAIT) {
	for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) {
		const got = await ask();
		if (got)
			return got;
	}
	return false;
}

// --- processes

// The environment of the program: nothing of the caller's settings gets in,
// and nothing is written outside of folder.
function env(folder) {
	const mine = { HOME: folder, POST365_STATE_DIR: folder + '/state' };
	for (const [key, value] of Object.entries(process.env))
		if (!/^(POST365_|AZURE_|XDG_)/.test(key) && !(key in mine))
			mine[key] = value;
	return mine;
}

// A server of the program until it printed a line of this pattern: its
// match, its number, and a function to stop it. "timeout" ends it if we cannot.
async function start(program, args, pattern, folder) {
	const p = child.spawn('timeout', ['600', program, ...args],
	    { env: env(folder), stdio: ['ignore', 'pipe', 'pipe'] });
	let out = '', err = '', ended = false;
	p.stdout.on('data', (b) => { out += b; });
	p.stderr.on('data', (b) => { err += b; });
	p.on('close', () => { ended = true; });
	async function stop() {
		p.kill('SIGTERM');
		if (!await until(() => ended))
			notOk(args[0] + ' ends', 'it is there after SIGTERM');
		const bad = /.*(Sanitizer|runtime error).*/.exec(err);
		if (bad)
			notOk(args[0] + ' is sound', bad[0]);
	}
	open.push(async () => ended || stop());
	const match = await until(() => pattern.exec(out + err) ||
	    (ended && [null]));
	if (!match || match[0] === null)
		throw new Error(`${args.join(' ')} did not start: ${out}${err}`);
	return { match, stop, text: () => out + err };
}

let folders = 0;
function folder() {
	const f = path.join(TMP, 'web' + ++folders);
	fs.mkdirSync(f, { mode: 0o700 });
	return f;
}

// The sandbox; keys: its settings; mail(): the .meta of what it caught.
async function sandbox(...args) {
	const dir = folder();
	const roles = args.includes('--role') ? [] : ['Mail.Send',
	    'Mail.ReadWrite', 'ExchangeMessageTrace.Read.All'];
	const p = await start(POST365_SAN, ['sandbox', '--dir', dir, ...args,
	    ...roles.flatMap((role) => ['--role', role])], /^ready .*\n/m, dir);
	const keys = {};
	for (const l of fs.readFileSync(dir + '/config', 'utf8').split('\n')) {
		const m = /^(\w+) = (.*)$/.exec(l);
		if (m)
			keys[m[1]] = m[2];
	}
	secrets.add(keys.client_secret);
	return {
		dir, keys, config: dir + '/config', stop: p.stop,
		mail: () => fs.readdirSync(dir + '/mail').sort()
		    .filter((f) => f.endsWith('.meta'))
		    .map((f) => fs.readFileSync(`${dir}/mail/${f}`, 'utf8')),
		faults(...rules) {
			fs.writeFileSync(dir + '/faults.new', rules.join('\n') + '\n');
			fs.renameSync(dir + '/faults.new', dir + '/faults');
		},
	};
}

// The program once, for what a page has no button for.
function command(config, args, input = '') {
	const r = child.spawnSync(POST365, ['-C', config, ...args],
	    { env: env(path.dirname(config)), input, timeout: WAIT });
	return { status: r.status, out: String(r.stdout), err: String(r.stderr) };
}

// The dashboard of a settings file: url (with the token), origin.
async function house(config, ...args) {
	const p = await start(POST365_SAN, ['web', '--listen', '127.0.0.1:0',
	    '-C', config, ...args], /http:\/\/\S+/, path.dirname(config));
	const url = p.match[0];
	return { url, origin: new URL(url).origin, stop: p.stop, text: p.text };
}

// --- a browser whose traffic goes through here

const secrets = new Set(); // what no answer may contain
const answers = []; // { url, head, body } of all
let proxy, browser;

// Passes a request on, and keeps what comes back.
function pass(request, response) {
	const to = new URL(request.url);
	const up = http.request({ host: to.hostname, port: to.port,
	    method: request.method, path: to.pathname + to.search,
	    headers: request.headers, agent: false }, (answer) => {
		const kept = { url: request.url, head: '', body: '',
		    cookie: String(answer.headers['set-cookie'] || '') };
		answers.push(kept);
		for (let i = 0; i < answer.rawHeaders.length; i += 2)
			kept.head += answer.rawHeaders.slice(i, i + 2).join(': ') +
			    '\n';
		response.writeHead(answer.statusCode, answer.rawHeaders);
		answer.on('data', (b) => { kept.body += b.toString('latin1'); });
		answer.on('error', () => response.destroy());
		answer.pipe(response);
	});
	up.on('error', () => response.destroy());
	response.on('close', () => up.destroy());
	request.pipe(up);
}

async function startBrowser() {
	const { chromium } = require(NPM + 'playwright-core');
	proxy = http.createServer(pass);
	await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
	browser = await chromium.launch({ executablePath: process.env.CHROMIUM,
	    args: ['--no-sandbox', '--font-render-hinting=none'] });
	fs.mkdirSync(SHOTS, { recursive: true });
}
async function stopBrowser() {
	await browser.close();
	proxy.closeAllConnections?.();
	proxy.close();
}

// A browser of that language, with what it keeps of a site.
const context = (js, locale, storageState) => browser.newContext({
    javaScriptEnabled: js, locale, storageState, timezoneId: 'UTC',
    proxy: { bypass: '<-loopback>',
    server: `http://127.0.0.1:${proxy.address().port}` } });

// What the server writes for that page in another language.
async function translated(page, locale) {
	const c = await context(false, locale,
	    await page.context().storageState());
	const other = await c.newPage();
	await other.goto(page.url());
	const html = await other.content();
	await c.close();
	return html;
}

// A page of its own, with what nobody should do noted in page.complaints:
// errors in the console, requests that leave origin, dialogs nobody expects.
async function visit(h, { js = true, locale = 'en-GB', scheme = 'light',
	width = 1200, height = 800 } = {}) {
	const c = await context(js, locale);
	c.setDefaultTimeout(WAIT);
	const page = await c.newPage();
	await page.emulateMedia({ colorScheme: scheme });
	await page.setViewportSize({ width, height });
	page.complaints = [];
	// page.expects: what the console may say of an answer that is no success
	const complain = (what) => page.expects?.test(what) ||
	    page.complaints.push(line(what));
	page.on('console', (m) => m.type() === 'error' && complain(m.text()));
	page.on('pageerror', (e) => complain(e));
	page.on('request', (r) => new URL(r.url()).origin === h.origin ||
	    complain('asks ' + r.url()));
	open.push(async () => {
		holds('nothing to complain of', page.complaints.length === 0,
		    page.complaints.join('; '));
		await c.close();
	});
	await page.goto(h.url);
	return page;
}

// --- what can be measured of a page

const text = async (page) => (await page.innerText('body'))
    .replace(/\s+/g, ' ');

async function shot(page, name) {
	await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
}

let axe;
// What axe-core finds serious or critical: ''.
async function unreadable(page) {
	axe = axe || fs.readFileSync(NPM + 'axe-core/axe.min.js', 'utf8');
	await page.evaluate(axe);
	const found = await page.evaluate(() => window.axe.run());
	return found.violations
	    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
	    .map((v) => `${v.id}: ` + v.nodes.map((n) => n.html + ' ' +
	        n.failureSummary).join(', ')).join('; ');
}

// What sticks out of the window, or is cut: ''.
const overflow = (page) => page.evaluate(() => {
	const wide = document.documentElement.clientWidth, out = [];
	const tell = (e, why) => out.push(`${e.tagName}.${e.className} ` +
	    `${why}: ${e.textContent.trim().slice(0, 40)}`);
	if (document.documentElement.scrollWidth > wide)
		out.push(`the page is ${document.documentElement.scrollWidth} wide`);
	for (const e of document.querySelectorAll('body *')) {
		const r = e.getBoundingClientRect();
		let scrolls = false;
		for (let up = e.parentElement; up; up = up.parentElement)
			scrolls = scrolls || /auto|scroll|hidden/.test(
			    getComputedStyle(up).overflowX);
		if (r.width > 1 && r.right > wide + 1 && !scrolls)
			tell(e, 'sticks out');
		if (getComputedStyle(e).overflowX === 'hidden' &&
		    e.scrollWidth > e.clientWidth + 1 && r.width > 1)
			tell(e, 'is cut');
	}
	return out.slice(0, 5).join('; ');
});

// Fields without a name that a reader of the screen would say: ''.
const unlabelled = (page) => page.evaluate(() =>
    [...document.querySelectorAll('input, select, textarea, button')]
        .filter((e) => e.type !== 'hidden' && !(e.labels?.length) &&
            !e.getAttribute('aria-label') && !e.textContent.trim() &&
            !e.value)
        .map((e) => e.name || e.outerHTML).join(' '));

// What can be used and Tab does not come to, or where it cannot be seen that
// it did: ''.
async function unreachable(page) {
	await page.evaluate(() => {
		document.activeElement.blur();
		window.scrollTo(0, 0);
		[...document.querySelectorAll('a[href], button, summary, select, ' +
		    'input:not([type=hidden])')].filter((e) =>
		    e.checkVisibility()).forEach((e) => { e.unseen = true; });
	});
	const left = () => page.evaluate(() => {
		const e = document.activeElement, s = getComputedStyle(e);
		if (e.unseen && s.outlineStyle !== 'none' &&
		    parseFloat(s.outlineWidth) >= 2)
			e.unseen = false;
		return [...document.querySelectorAll('*')].filter((x) => x.unseen)
		    .map((x) => x.outerHTML.slice(0, 80)).join(' ');
	});
	for (let i = 0; i < 80; i++) {
		await page.keyboard.press('Tab');
		if (await left() === '')
			return '';
	}
	return left();
}

// Golden files: the page as the server wrote it, a tag a line, without what
// differs from run to run.
const WILD = [
	[/<(style|script)\b[^>]*>[^]*?<\/\1>/g, '<$1></$1>'],
	[/(name="(?:csrf|tag)" value=")[^"]*/g, '$1TOKEN'],
	[/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'GUID'],
	[/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?/g, 'TIME'],
	[/\d{4}-\d\d-\d\d/g, 'DATE'],
	[/\b\d\d:\d\d(:\d\d)?\b/g, 'CLOCK'],
	[/\b\d+ (ms|s|minutes|days)\b/g, 'N $1'],
	[/(127\.0\.0\.1|localhost):\d+/g, '$1:PORT'],
	[/[0-9a-f]{32}(@|%40)/g, 'ID$1'],
	[/\b[0-9A-F]{16}\b/g, 'ID'],
	[/(<text [^>]*>)\d+/g, '$1DD'],
	// milliseconds at the end of a line of numbers
	[/\d+(<\/td><td class="n">)\d+(<\/td><\/tr>)/g, 'N$1N$2'],
	// steps that tell of this machine
	[/<li><b class="\w+">[^<]*<\/b>\s*<b>(sendmail|queue run|TLS|envoi de la file)<[^]*?<\/li>/g, ''],
];
function plain(html, names) {
	for (const [from, to] of names)
		html = html.split(from).join(to);
	for (const [pattern, to] of WILD)
		html = html.replace(pattern, to);
	return html.replace(/>\s*</g, '>\n<').trim() + '\n';
}
async function golden(page, locale, name, names) {
	const got = plain(await translated(page, locale), names);
	const want = `${TOP}/tests/golden/web/${name}.html`;
	fs.writeFileSync(`${TMP}/${name}.html`, got);
	if (process.env.T_BLESS) {
		fs.mkdirSync(path.dirname(want), { recursive: true });
		fs.writeFileSync(want, got);
	}
	const d = child.spawnSync('diff', ['-u', want, `${TMP}/${name}.html`]);
	same('golden ' + name, '', String(d.stdout) + d.stderr);
}

// No answer of the whole run has one of the secrets; a cookie's value
// stands in its own Set-Cookie only.
function searchSecrets() {
	for (const a of answers) {
		const m = /=([^;]{16,})/.exec(a.cookie);
		if (m)
			secrets.add(m[1]);
	}
	const escaped = (s) => s.replace(/&/g, '&amp;').replace(/</g, '&lt;')
	    .replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/'/g, '&#39;');
	const bad = [];
	for (const a of answers)
		for (const s of secrets) {
			const head = a.head.replace(a.cookie, '');
			if (head.includes(s) || [s, escaped(s), encodeURIComponent(s),
			    JSON.stringify(s).slice(1, -1)]
			    .some((form) => a.body.includes(form)))
				bad.push(a.url);
		}
	holds(`no secret in ${answers.length > 0 ? 'any' : 'no'} answer`,
	    answers.length > 0 && bad.length === 0,
	    `of ${answers.length} answers: ${bad.slice(0, 5).join(' ')}`);
}

module.exports = { ok, notOk, holds, same, says, lacks, run, until, folder,
    sandbox, command, house, startBrowser, stopBrowser, visit, text, shot,
    unreadable, overflow, unlabelled, unreachable, golden, secrets, searchSecrets,
    failed: () => failures > 0 };
