// SPDX-License-Identifier: MIT
// An OAuth server that nobody here wrote (oidc-provider), over TLS, for a
// client that proves itself by private_key_jwt (RFC 7523), and a Graph that
// takes the tokens that it knows.
// node assertion_server.js MODULES CERT KEY CLIENT_CERT TENANT CLIENT LOG
'use strict';
const [modules, cert, key, clientCert, tenant, client, log] =
    process.argv.slice(2);
const crypto = require('crypto');
const fs = require('fs');
const https = require('https');
const { pathToFileURL } = require('url');

const tls = { cert: fs.readFileSync(cert), key: fs.readFileSync(key) };
const note = (line) => fs.appendFileSync(log, line + '\n');

function make(Provider, base) {
	const pub = crypto.createPublicKey(fs.readFileSync(clientCert));
	const scope = base + '/.default';
	const provider = new Provider(base, {
		clients: [{
			client_id: client,
			token_endpoint_auth_method: 'private_key_jwt',
			grant_types: ['client_credentials'],
			response_types: [],
			redirect_uris: [],
			scope,
			jwks: { keys: [{ ...pub.export({ format: 'jwk' }),
			    use: 'sig' }] },
		}],
		scopes: [scope],
		clientAuthMethods: ['private_key_jwt'],
		enabledJWA: { clientAuthSigningAlgValues: ['PS256', 'RS256'] },
		features: {
			clientCredentials: { enabled: true },
			devInteractions: { enabled: false },
		},
		routes: { token: '/' + tenant + '/oauth2/v2.0/token' },
	});
	provider.on('grant.success', (ctx) => note('grant ' +
	    ctx.oidc.client.clientId + ' ' + ctx.oidc.params.grant_type));
	provider.on('grant.error', (ctx, e) => note('error ' + e.error + ' ' +
	    e.error_detail));
	return provider;
}

async function main() {
	const { Provider } = await import(pathToFileURL(modules +
	    '/oidc-provider/lib/index.js').href);
	let provider;
	const server = https.createServer(tls, async (q, a) => {
		if (!q.url.startsWith('/v1.0/'))
			return provider.callback()(q, a);
		const token = (q.headers.authorization || '').replace(
		    /^Bearer /, '');
		const known = await provider.ClientCredentials.find(token);
		q.resume();
		q.on('end', () => {
			note('graph ' + (known ? 202 : 401));
			a.writeHead(known ? 202 : 401);
			a.end();
		});
	});
	server.listen(0, '127.0.0.1', () => {
		provider = make(Provider.default || Provider,
		    'https://127.0.0.1:' + server.address().port);
		console.log('ready ' + server.address().port);
	});
}
main().catch((e) => { console.error(e); process.exit(1); });
