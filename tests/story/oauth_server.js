// SPDX-License-Identifier: MIT
// An OAuth server that nobody here wrote (oauth2-mock-server), over TLS, and
// a Graph that takes its tokens only if their signature holds.
// node oauth_server.js MODULES CERT KEY LOG
'use strict';
const [modules, cert, key, log] = process.argv.slice(2);
const crypto = require('crypto');
const fs = require('fs');
const https = require('https');
const { pathToFileURL } = require('url');

const tls = { cert: fs.readFileSync(cert), key: fs.readFileSync(key) };
const note = (line) => fs.appendFileSync(log, line + '\n');

// RFC 7515 5.2 with RS256, by node's own crypto.
function holds(token, jwks) {
	const [head, claims, signature] = token.split('.');
	const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url'));
	const jwk = jwks.find((k) => k.kid === kid);
	if (alg !== 'RS256' || jwk === undefined)
		return false;
	const pub = crypto.createPublicKey({ key: jwk, format: 'jwk' });
	return crypto.verify('sha256', Buffer.from(head + '.' + claims), pub,
	    Buffer.from(signature, 'base64url'));
}

async function main() {
	const { OAuth2Server } = await import(pathToFileURL(modules +
	    '/oauth2-mock-server/dist/index.js').href);
	const server = new OAuth2Server(key, cert,
	    { endpoints: { token: '/the-tenant.example/oauth2/v2.0/token' } });
	await server.issuer.keys.generate('RS256');
	server.service.on('beforeResponse', (answer, request) => {
		const b = request.body;
		note('form ' + Object.keys(b).sort().join(' '));
		note('grant ' + b.grant_type);
		note('scope ' + b.scope);
		note('client ' + b.client_id);
		note('secret ' + b.client_secret);
		note('type ' + request.headers['content-type']);
	});
	await server.start(0, '127.0.0.1');
	const jwks = server.issuer.keys.toJSON(false);

	const graph = https.createServer(tls, (q, a) => {
		const token = (q.headers.authorization || '').replace(
		    /^Bearer /, '');
		let body = '';
		q.setEncoding('utf8');
		q.on('data', (d) => { body += d; });
		q.on('end', () => {
			const good = holds(token, jwks) &&
			    q.url === '/v1.0/users/sender%40example.com/sendMail';
			note('graph ' + q.method + ' ' + q.url + ' ' +
			    (good ? 202 : 401));
			note('subject ' + JSON.parse(body).message.subject);
			a.writeHead(good ? 202 : 401);
			a.end();
		});
	});
	graph.listen(0, '127.0.0.1', () => console.log('ready ' +
	    server.address().port + ' ' + graph.address().port));
}
main().catch((e) => { console.error(e); process.exit(1); });
