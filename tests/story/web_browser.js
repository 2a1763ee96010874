// SPDX-License-Identifier: MIT
// The dashboard as people meet it: chromium opens what post365 web prints.
'use strict';
const w = require('./web_house.js');

async function main() {
	await w.startBrowser();
	await w.stopBrowser();
	process.exitCode = w.failed() ? 1 : 0;
}
main();
