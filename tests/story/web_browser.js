// SPDX-License-Identifier: MIT
// The dashboard as people meet it: chromium opens what post365 web prints.
// Rows of scenarios; each has a house of its own.
'use strict';
const fs = require('fs');
const w = require('./web_house.js');

// Where things stand on a page.
const AT = {
	field: (name) => `main [name="${name}"]`,
	more: 'main form[action="/"] summary',
	save: 'button[name=save]',
	to: '#to',
	test: 'button[name=test]',
	steps: '#steps li',
	lost: '#lost',
	done: '#steps:not([data-live])',
	good: '.box.ok',
	bad: '.box.fail',
	cure: '.cure',
	nav: (path) => `nav a[href="${path}"]`,
	bar: 'svg g rect',
	row: 'table.list tbody tr',
	drop: 'button[value=drop]',
	keep: 'main a[href="/queue"]',
	signIn: 'button[name=sign-in]',
	signOut: 'form[action="/sign-out"] button',
};
const PAGES = { provider: '/', test: '/test', queue: '/queue', log: '/log',
	delivery: '/delivery' };
const NEEDED = ['from', 'tenant_id', 'client_id', 'client_secret'];
const ALL = [...NEEDED, 'login_url', 'graph_url', 'ca'];

const only = (o, names) =>
    Object.fromEntries(names.map((name) => [name, o[name]]));

// --- what a person does

async function go(page, path) {
	await page.click(AT.nav(path));
	await page.waitForURL((url) => url.pathname === path);
}

async function fill(page, values) {
	for (const [name, value] of Object.entries(values)) {
		const field = page.locator(AT.field(name));
		if (!await field.isVisible())
			await page.click(AT.more);
		await field.fill(value);
	}
}

async function save(page) {
	await page.click(AT.save);
	await page.waitForSelector(`${AT.good}, ${AT.bad}`);
}

async function begin(page, address) {
	await page.fill(AT.to, address);
	await page.click(AT.test);
}
async function end(page) {
	await page.waitForSelector(AT.done, { timeout: 60000 });
	return w.text(page);
}
async function press(page, address) {
	await begin(page, address);
	return end(page);
}

// A house with a settings file of this sandbox.
async function furnished(box, changes = {}, ...args) {
	const config = w.folder() + '/config';
	const values = { ...only(box.keys, ALL), ...changes };
	fs.writeFileSync(config, Object.entries(values)
	    .map(([key, value]) => `${key} = ${value}\n`).join(''),
	    { mode: 0o600 });
	return { config, names: [[config, 'CONFIG'], [box.dir, 'BOX'],
	    [config.replace(/config$/, ''), 'FOLDER/']],
	    ...await w.house(config, ...args) };
}

// --- from an empty folder to a mail

async function journey(how) {
	const box = await w.sandbox();
	const config = w.folder() + '/config';
	const h = await w.house(config);
	const page = await w.visit(h, how);
	await page.waitForSelector(AT.save);
	w.same('its language', how.locale.slice(0, 2),
	    await page.getAttribute('html', 'lang'));
	w.holds('no file yet', !fs.existsSync(config), 'it is there');
	await fill(page, only(box.keys, ALL));
	await save(page);
	w.same('it is saved', 1, await page.locator(AT.good).count());
	w.same('for nobody else', '600',
	    (fs.statSync(config).mode & 0o777).toString(8));
	const file = fs.readFileSync(config, 'utf8');
	for (const key of ALL)
		w.says(key, file, `${key} = ${box.keys[key]}\n`);
	w.same('the secret does not come back', '',
	    await page.inputValue(AT.field('client_secret')));

	await go(page, '/test');
	const said = await press(page, 'you@example.org');
	w.holds('steps', await page.locator(AT.steps).count() > 8, said);
	w.same('sent', 1, await page.locator(AT.good).count());
	w.says('what the trace says', said, /you@example\.org: delivered/);
	w.same('it has arrived', 1, box.mail().length);
	w.says('where it should', box.mail().join(), 'you@example.org');

	await go(page, '/log');
	w.same('a line of the log', 1, await page.locator(AT.row).count());
	w.says('to whom', await w.text(page), 'you@example.org');
	await go(page, '/delivery');
	w.holds('a bar of today', await page.locator(AT.bar).count() > 0,
	    'there is none');
	await go(page, '/queue');
	w.same('nothing waits', 0, await page.locator(AT.row).count());
}

// --- faults: what is wrong, and the cure that the page shows

const ID = '01234567-89ab-4cde-8f01-23456789abcd';
const FAULTS = [
	{ name: 'wrong secret', change: { client_secret: 'wrong~secret' },
	    tells: [/AADSTS7000215/, /Certificates & secrets/] },
	{ name: 'swapped ids', swap: ['tenant_id', 'client_id'],
	    tells: [/AADSTS\d+/, /tenant_id/] },
	{ name: 'no permission', roles: ['Mail.Read'],
	    tells: [/Mail\.Send/, /API permissions/] },
	{ name: 'no such mailbox', change: { from: 'nobody@example.com' },
	    tells: [/nobody@example\.com/, /mailbox/] },
	{ name: 'throttled', rule: 'send status 429 retry-after=40 x9',
	    tells: [/429|throttl/i] },
	{ name: 'dead network', stop: true,
	    tells: [/connection/, /refused|could not be reached|connect/] },
	{ name: 'dies meanwhile', rule: 'send late ms=60000', stopMeanwhile: true,
	    tells: [/mailbox/, /FAIL/] },
];

async function fault(row) {
	const box = await w.sandbox(...(row.roles || []).flatMap((role) =>
	    ['--role', role]));
	const change = { ...row.change };
	if (row.swap)
		[change[row.swap[0]], change[row.swap[1]]] =
		    [box.keys[row.swap[1]], box.keys[row.swap[0]]];
	const h = await furnished(box, change);
	const page = await w.visit(h);
	await go(page, '/test');
	if (row.rule)
		box.faults(row.rule);
	if (row.stop)
		await box.stop();
	await begin(page, 'you@example.org');
	if (row.stopMeanwhile) {
		await page.waitForSelector(`${AT.steps}:nth-child(14)`);
		await box.stop();
	}
	const said = await end(page);
	for (const pattern of row.tells)
		w.says('says ' + pattern, said, pattern);
	w.holds('a cure', await page.locator(AT.cure).count() > 0, said);
	w.holds('not said to be sent', await page.locator(AT.good).count() === 0,
	    said);
}

// What Save refuses, in which field.
const REFUSED = [
	{ name: 'a secret\'s ID', change: { client_secret: ID },
	    field: 'client_secret', tells: /Value/ },
	{ name: 'a name in place of an ID', change: { client_id: 'My app' },
	    field: 'client_id', tells: /GUID|ID/ },
	{ name: 'no address', change: { from: 'sender' },
	    field: 'from', tells: /address|@/ },
];

async function refused() {
	const box = await w.sandbox();
	const h = await furnished(box);
	const page = await w.visit(h);
	const before = fs.readFileSync(h.config, 'utf8');
	page.expects = /422/;
	for (const row of REFUSED) {
		await go(page, '/');
		await fill(page, row.change);
		await save(page);
		w.says(row.name, await page.innerText(AT.bad), row.tells);
		w.same(row.name + ': where', row.field, await page.getAttribute(
		    'main [aria-invalid]', 'name'));
		w.same(row.name + ': nothing is written', before,
		    fs.readFileSync(h.config, 'utf8'));
	}
}

// --- somebody else changes the file meanwhile

async function conflict() {
	const box = await w.sandbox();
	const h = await furnished(box);
	const page = await w.visit(h);
	page.expects = /422/;
	await page.waitForSelector(AT.save);
	fs.appendFileSync(h.config, '# by somebody else\n');
	const theirs = fs.readFileSync(h.config, 'utf8');
	await fill(page, { from: 'other@example.com' });
	await save(page);
	w.says('the page says so', await page.innerText(AT.bad), /chang/);
	w.same('what they wrote stays', theirs,
	    fs.readFileSync(h.config, 'utf8'));
	await go(page, '/');
	await fill(page, { from: 'other@example.com' });
	await save(page);
	w.same('comments stay', theirs.replace(box.keys.from,
	    'other@example.com'), fs.readFileSync(h.config, 'utf8'));
}

// --- a question before a mail is dropped

async function drop() {
	const box = await w.sandbox();
	const h = await furnished(box);
	const page = await w.visit(h);
	const waiting = () => w.command(h.config, ['queue', 'count']).out.trim();
	w.command(h.config, ['send', '--queue', 'you@example.org'], 'hello\n');
	for (const [answer, left] of [[AT.keep, '1'], [AT.drop, '0']]) {
		await go(page, '/queue');
		await page.click(AT.drop);
		await page.waitForSelector(AT.keep);
		w.same('not before it is answered', '1', waiting());
		await page.click(answer);
		await page.waitForSelector(`${AT.good}, ${AT.drop}`);
		w.same('then ' + left, left, waiting());
	}
}

// --- a user signs in

async function signIn() {
	const box = await w.sandbox();
	const users = w.folder() + '/users';
	const hash = w.command(box.config, ['relay', '--hash-password'],
	    'open, sesame\n').out.trim();
	fs.writeFileSync(users, `ada:${hash}:role=admin\nbob:${hash}\n`,
	    { mode: 0o600 });
	w.secrets.add(hash);
	w.secrets.add('open, sesame');
	const h = await furnished(box, { '[relay]\nauth_file': users });
	const page = await w.visit({ ...h, url: h.origin + '/log' });
	page.expects = /401|429/;
	w.says('is sent to sign in', page.url(), '/sign-in');
	await lookClosely(page, h, 'sign-in');
	for (const [user, password] of [['ada', 'wrong'], ['bob', 'open, sesame']]) {
		await page.fill('#user', user);
		await page.fill('#password', password);
		await page.click(AT.signIn);
		await page.waitForSelector(AT.bad);
		w.ok(`${user} with "${password}" is not let in`);
		if (user === 'ada')
			await lookClosely(page, h, 'sign-in-wrong');
	}
	// each failure makes the next attempt wait for longer
	w.holds('ada is let in', await w.until(async () => {
		if (await page.locator(AT.save).count() > 0)
			return true;
		await page.fill('#user', 'ada');
		await page.fill('#password', 'open, sesame');
		await page.click(AT.signIn);
		await page.waitForSelector(`${AT.bad}, ${AT.save}`);
		return false;
	}), await w.text(page));
	await page.click(AT.signOut);
	await page.waitForSelector(AT.signIn);
	await page.goto(h.origin + '/queue');
	w.says('signed out', page.url(), '/sign-in');
}

// --- texts of others

const EVIL = `<script>document.title='owned'</script>"'&<img src=x ` +
    `onerror=alert(1)>`;
const EVIL_TO = '"<img src=x onerror=alert(1)>"@example.org';

async function hostile() {
	const box = await w.sandbox('--mailbox', '*');
	const h = await furnished(box, { log_subject: 'yes' });
	const page = await w.visit(h);
	const letter = (...args) => w.command(h.config, ['send', '-s', EVIL,
	    ...args, EVIL_TO], 'hello\n');
	letter();
	letter('--queue');
	box.faults(`send status 400 code="${EVIL.replace(/"/g, '')}" ` +
	    `message="${EVIL.replace(/"/g, '')}"`);
	letter();
	for (const path of ['/log', '/queue']) {
		await go(page, path);
		w.says(path + ': as text', await w.text(page),
		    '<img src=x onerror=alert(1)>');
		w.same(path + ': no image', 0, await page.locator('img').count());
		w.lacks(path + ': no script', await page.title(), 'owned');
	}
	await page.goto(h.origin + '/log?person=' + encodeURIComponent(EVIL));
	w.same('what is searched for', EVIL,
	    await page.inputValue('[name=person]'));
	await page.goto(h.origin + '/log?code=' + encodeURIComponent(EVIL));
	w.same('a code', EVIL, await page.inputValue('[name=code]'));
}

// --- by keyboard

// Presses Tab until the focus is where is() says; all that was passed.
async function tab(page, is) {
	const passed = [];
	for (let i = 0; i < 60; i++) {
		await page.keyboard.press('Tab');
		const at = await page.evaluate(() => {
			const e = document.activeElement, s = getComputedStyle(e);
			return { name: e.name || e.getAttribute('href') ||
			    e.tagName, visible: s.outlineStyle !== 'none' &&
			    parseFloat(s.outlineWidth) >= 2 };
		});
		passed.push(at);
		if (at.name === is)
			return passed;
	}
	throw new Error(`Tab does not come to ${is}: ` +
	    passed.map((at) => at.name));
}

async function keyboard() {
	const box = await w.sandbox();
	const h = await furnished(box);
	const page = await w.visit(h);
	await page.waitForSelector(AT.save);
	const passed = await tab(page, 'save');
	const names = passed.map((at) => at.name);
	for (const name of ['#main', ...Object.values(PAGES), 'enabled',
	    ...NEEDED])
		w.holds('comes to ' + name, names.includes(name), names.join());
	w.same('where one is can be seen', '', passed.filter((at) => !at.visible)
	    .map((at) => at.name).join());
	await page.keyboard.press('Enter');
	await page.waitForSelector(AT.good);
	w.ok('Enter saves');
	await tab(page, '/test');
	await page.keyboard.press('Enter');
	await page.waitForSelector(AT.to);
	await tab(page, 'to');
	await page.keyboard.type('you@example.org');
	await tab(page, 'test');
	await page.keyboard.press('Enter');
	await end(page);
	w.same('Enter sends', 1, box.mail().length);
}

// --- the look of each page

const LOOKS = [
	{ name: 'light', scheme: 'light', width: 1200 },
	{ name: 'dark-narrow', scheme: 'dark', width: 360 },
	{ name: 'dark', scheme: 'dark', width: 1200 },
	{ name: 'light-narrow', scheme: 'light', width: 360 },
];

async function look(page, name, looks = LOOKS.slice(0, 2)) {
	for (const l of looks) {
		await page.emulateMedia({ colorScheme: l.scheme });
		await page.setViewportSize({ width: l.width, height: 800 });
		await w.shot(page, `${name}-${l.name}`);
		w.same(`${name}, ${l.name}: nothing sticks out`, '',
		    await w.overflow(page));
		w.same(`${name}, ${l.name}: axe`, '', await w.unreadable(page));
	}
	w.same(name + ': all fields have names', '', await w.unlabelled(page));
	w.same(name + ': Tab comes to all', '', await w.unreachable(page));
}

// The same page in both languages against the golden ones.
async function goldens(page, h, name) {
	for (const locale of ['en', 'fr'])
		await w.golden(page, locale, `${name}.${locale}`, h.names);
}
async function lookClosely(page, h, name) {
	await look(page, name, LOOKS);
	await goldens(page, h, name);
}

const MORE = [
	['log-code', '/log?code=AADSTS7000215'],
	['log-nothing', '/log?person=nobody'],
	['delivery-trace', '/delivery?trace=1'],
];

async function looks() {
	const box = await w.sandbox('--mailbox', '*');
	const h = await furnished(box, { log_subject: 'yes' });
	const page = await w.visit(h);
	const letter = (to, ...args) => w.command(h.config, ['send', '-s',
	    'Backup of the night, and a subject that does not end at once',
	    ...args, to], 'hello\n');
	await page.waitForSelector(AT.save);
	await lookClosely(page, h, 'provider');
	await go(page, '/test');
	await lookClosely(page, h, 'test');
	// the probe of step "mailbox" asks for the same
	box.faults('send late ms=9000 x2');
	await begin(page, 'you@example.org');
	await page.waitForSelector(`${AT.steps}:nth-child(9)`);
	await look(page, 'test-running');
	await end(page);
	await lookClosely(page, h, 'test-sent');
	box.faults('send status 403 code=ErrorAccessDenied x9');
	await press(page, 'you@example.org');
	await lookClosely(page, h, 'test-failed');
	letter('dead@example.org');
	box.faults('send status 429 retry-after=3000 x9');
	letter('waiting.for.a.long.time@department.example.org', '--queue');
	letter('short@example.org', '--queue');
	w.command(h.config, ['queue', 'run']);
	for (const name of ['queue', 'log', 'delivery']) {
		await go(page, PAGES[name]);
		await lookClosely(page, h, name);
	}
	for (const [name, path] of MORE) {
		await page.goto(h.origin + path);
		await look(page, name);
	}
	await go(page, '/log');
	await page.locator('main summary').last().click();
	await look(page, 'log-details');
	await page.locator('a[href^="/trace"]').last().click();
	await page.waitForURL(/trace/);
	await lookClosely(page, h, 'trace');
	await go(page, '/queue');
	await page.locator(AT.drop).first().click();
	await page.waitForSelector(AT.keep);
	await look(page, 'queue-drop');
	await go(page, '/');
	await page.click('button[value=make]');
	await page.waitForSelector('button[value=use]');
	await look(page, 'certificate');
}

// --- a step that is there stays: who hears the page hears it once

async function live() {
	const box = await w.sandbox();
	const h = await furnished(box);
	const page = await w.visit(h);
	await go(page, '/test');
	box.faults('send late ms=3000 x2');
	await begin(page, 'you@example.org');
	await page.waitForSelector(AT.steps);
	await page.evaluate(() => {
		const steps = document.getElementById('steps');
		const count = (list) => [...list].filter((node) =>
		    /^(LI|OL)$/.test(node.nodeName)).length;
		const seen = window.seen = { come: 0, gone: 0,
		    had: steps.querySelectorAll('li').length };
		new MutationObserver((all) => all.forEach((one) => {
			seen.come += count(one.addedNodes);
			seen.gone += count(one.removedNodes);
		})).observe(steps, { childList: true, subtree: true });
	});
	await end(page);
	const seen = await page.evaluate(() => window.seen);
	const has = await page.locator(AT.steps).count();
	w.same('none was taken away', 0, seen.gone);
	w.same('each new one came once', has - seen.had, seen.come);
	w.holds('some came', seen.come > 0, JSON.stringify(seen));
}

// --- the server ends while its page is open

async function lost() {
	const box = await w.sandbox();
	const h = await furnished(box);
	const page = await w.visit(h);
	page.expects = /Failed to load resource/;
	await go(page, '/test');
	box.faults('send late ms=60000');
	await begin(page, 'you@example.org');
	await page.waitForSelector(AT.steps);
	w.same('not said before', false, await page.isVisible(AT.lost));
	await h.stop();
	await page.waitForSelector(AT.lost);
	w.ok('the page says so');
}

// --- all of it

const ROWS = [
	['English', journey, { locale: 'en-GB' }],
	['English, no script', journey, { locale: 'en-GB', js: false }],
	['French', journey, { locale: 'fr-FR' }],
	['French, no script', journey, { locale: 'fr-FR', js: false }],
	...FAULTS.map((row) => [row.name, fault, row]),
	['Save refuses', refused],
	['changed meanwhile', conflict],
	['drop', drop],
	['sign in', signIn],
	['texts of others', hostile],
	['keyboard', keyboard],
	['live', live],
	['lost', lost],
	['look', looks],
];

async function main() {
	const wanted = process.env.ROWS && new RegExp(process.env.ROWS);
	await w.startBrowser();
	for (const [name, play, row] of ROWS)
		if (!wanted || wanted.test(name))
			await w.run(name, () => play(row));
	await w.stopBrowser();
	w.searchSecrets();
	process.exitCode = w.failed() ? 1 : 0;
}
main();
