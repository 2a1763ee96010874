# SPDX-License-Identifier: MIT
"""Azure's endpoints for managed identities, and as much of Graph as sending
needs, on loopback: managed_server.py FOLDER [CERT KEY].

Prints "ready HTTP-PORT HTTPS-PORT". FOLDER/fault holds what goes wrong, a
word a request, eaten from the front: a status ("410"), "429:3" (with
Retry-After) or a misbehaviour of Arc's agent. Lines of FOLDER/log: source,
status, query.
"""
import base64
import datetime
import http.server
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse

FOLDER = sys.argv[1]
HEADER = 'header-secret-41'
USER = '11111111-2222-3333-4444-555555555555'
MACHINE = '77777777-2222-3333-4444-555555555555'
TOKENS = '/var/opt/azcmagent/tokens'
LOCK = threading.Lock()
issued = set()
keys = {}
resource = ''


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def next_fault():
    path = os.path.join(FOLDER, 'fault')
    try:
        words = open(path).read().split()
    except FileNotFoundError:
        return ''
    open(path, 'w').write(' '.join(words[1:]))
    return words[0] if words else ''


class Refusal(Exception):
    def __init__(self, status, body, fields=()):
        super().__init__(status)
        self.status, self.body, self.fields = status, body, fields


def oauth_error(status, text):
    return Refusal(status, {'error': 'invalid_request',
                            'error_description': text})


def need(query, name, want):
    if query.get(name) != want:
        raise oauth_error(400, '%s is %r' % (name, query.get(name)))


def check_client(query, name):
    if query.get(name, USER) != USER:
        raise oauth_error(400, 'Identity not found')
    return query.get(name, MACHINE)


def imds(query, fields, fault):
    if fields.get('Metadata') != 'true':
        raise oauth_error(400, "Required metadata header not specified")
    need(query, 'api-version', '2018-02-01')
    return check_client(query, 'client_id'), 'seconds'


def app_service(query, fields, fault):
    if fields.get('X-IDENTITY-HEADER') != HEADER:
        raise Refusal(401, {'statusCode': 401, 'message': 'Unauthorized'})
    need(query, 'api-version', '2019-08-01')
    if query.get('client_id', USER) != USER:
        raise Refusal(400, {'statusCode': 400, 'message':
                            'No Managed Identity found for specified '
                            'ClientId/ResourceId/PrincipalId.'})
    return query.get('client_id', MACHINE), 'invariant'


def machine_learning(query, fields, fault):
    if fields.get('secret') != HEADER:
        raise oauth_error(401, 'no secret')
    need(query, 'api-version', '2017-09-01')
    if 'client_id' in query:
        raise oauth_error(400, 'client_id')
    return check_client(query, 'clientid'), 'american'


def fabric(query, fields, fault):
    if fields.get('Secret') != HEADER:
        raise Refusal(401, {'error': {'code': 'SecretHeaderNotFound',
                                      'message': 'Secret is not found'}})
    need(query, 'api-version', '2019-07-01-preview')
    return MACHINE, 'seconds'


def make_key(fault):
    """Puts a key where Arc's agent does, or something else."""
    key = os.urandom(8).hex()
    path = '%s/%s.key' % (TOKENS, os.urandom(8).hex())
    if fault == 'elsewhere':
        path = os.path.join(FOLDER, 'elsewhere.key')
    if fault == 'fifo':
        os.mkfifo(path)
    elif fault == 'symlink':
        open(os.path.join(FOLDER, 'target'), 'w').write(key)
        os.symlink(os.path.join(FOLDER, 'target'), path)
    elif fault != 'missing':
        with open(path, 'w') as f:
            f.write(key + ('x' * 4096 if fault == 'large' else '\n'))
        os.chmod(path, 0o640)
    keys[key] = path
    return path


def arc(query, fields, fault):
    if fields.get('Metadata') != 'true':
        raise oauth_error(403, 'Metadata')
    need(query, 'api-version', '2020-06-01')
    basic = fields.get('Authorization', '')
    if basic == '' and fault != 'trusting':
        raise Refusal(401, {}, [('WWW-Authenticate', 'Basic realm=' +
                                 make_key(fault))])
    if fault == 'deaf':
        raise oauth_error(401, 'the key is wrong')
    if basic != '' and basic.replace('Basic ', '') not in keys:
        raise oauth_error(401, 'no such key')
    if fault == 'old':
        return MACHINE, 'seconds'
    return check_client(query, 'client_id'), 'seconds'


SOURCES = {
    '/metadata/identity/oauth2/token': imds,
    '/msi/token': app_service,
    '/ml/token': machine_learning,
    '/fabric/token': fabric,
    '/arc/token': arc,
}


def expires_on(form):
    when = int(time.time()) + 86400
    date = datetime.datetime.fromtimestamp(when, datetime.timezone.utc)
    if form == 'invariant':
        return date.strftime('%m/%d/%Y %H:%M:%S +00:00')
    if form == 'american':
        return '%d/%d/%d %s +00:00' % (date.month, date.day, date.year,
                                       date.strftime('%I:%M:%S %p'))
    return str(when)


def token_for(client, form):
    claims = {'aud': resource, 'appid': client, 'roles': ['Mail.Send'],
              'exp': int(time.time()) + 86400, 'n': len(issued)}
    token = '.'.join((b64(b'{"alg":"none"}'), b64(json.dumps(claims).encode()),
                      b64(os.urandom(16))))
    issued.add(token)
    return {'access_token': token, 'client_id': client,
            'expires_on': expires_on(form), 'resource': resource,
            'token_type': 'Bearer', 'refresh_token': ''}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, body, fields=()):
        data = json.dumps(body).encode() if body is not None else b''
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def note(self, what, status, more):
        with open(os.path.join(FOLDER, 'log'), 'a') as f:
            f.write('%s %d %s\n' % (what, status, more))

    def do_GET(self):
        with LOCK:
            url = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(url.query))
            source = SOURCES.get(url.path)
            fault = next_fault()
            try:
                if source is None:
                    raise oauth_error(404, 'no such path')
                if fault[:3].isdigit():
                    after = fault[4:]
                    raise Refusal(int(fault[:3]), {},
                                  [('Retry-After', after)] if after else [])
                client, form = source(query, self.headers, fault)
                need(query, 'resource', resource)
                status, body, fields = 200, token_for(client, form), ()
            except Refusal as r:
                status, body, fields = r.status, r.body, r.fields
            self.note(source.__name__ if source else '?', status, url.query)
            self.answer(status, body, fields)

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        bearer = self.headers.get('Authorization', '')[len('Bearer '):]
        self.close_connection = False
        with LOCK:
            good = bearer in issued
        if not good:
            self.note('graph', 401, '')
            self.answer(401, {'error': {'code': 'InvalidAuthenticationToken',
                                        'message': 'no'}})
        elif b'"toRecipients":[]' in body:
            self.note('graph', 400, '')
            self.answer(400, {'error': {'code': 'ErrorInvalidRecipients',
                                        'message': 'no recipient'}})
        else:
            self.note('graph', 202, body.decode('ascii', 'replace')[:20])
            self.answer(202, None)


def listen(cert=None, key=None):
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    if cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


plain = listen()
resource = 'http://127.0.0.1:%d' % plain
tls = listen(*sys.argv[2:4]) if len(sys.argv) > 2 else 0
print('ready', plain, tls, flush=True)
time.sleep(280)
