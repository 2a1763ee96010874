# SPDX-License-Identifier: MIT
# failures: what goes wrong, and what `post365 check` (or the command that
# failed) says about it. The table is the test; facts.md 2, 3, 6, 11 name the
# failures. Called by failures.sh: failures.py PROGRAM SANDBOX_DIR SHARED_TMP
import base64
import datetime
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

PROGRAM, SANDBOX, TMP = sys.argv[1:4]
CONFIG = TMP + '/config'
STATE = TMP + '/state'
HERE = '127.0.0.1'


def row(name, exit, step, text, remedy, command='check', fault=(), set=None,
        env=None, before=None, state='fail', only=None, wrap=None):
    """fault: rules of the sandbox. set: settings, None takes one out, and a
    name of SERVERS in braces is its port. before: is called first. state: of
    the line that is looked for; note has exit 0. only: False skips it. wrap:
    options of a small file system that is mounted at TMP/disk and filled."""
    rows.append(dict(name=name, exit=exit, step=step, text=text,
                     remedy=remedy, command=command,
                     fault=[fault] if isinstance(fault, str) else fault,
                     set=set or {}, env=env or {}, before=before, state=state,
                     only=only, wrap=wrap))


rows = []
MOUNTS = os.geteuid() == 0 and subprocess.call(
    ['unshare', '-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'],
    stderr=subprocess.DEVNULL) == 0
os.makedirs(TMP + '/disk', exist_ok=True)
DISK = ['unshare', '-m', 'sh', '-c', 'disk=$1 options=$2\nshift 2\n'
        'mount -t tmpfs $options none "$disk" || exit 9\n'
        'case $options in *size*) (umask 077; cd "$disk" && mkdir -p '
        'spool/tmp spool/new spool/work spool/hold spool/dead; : >spool/lock; '
        'cat /dev/zero >fill) 2>/dev/null ;; esac\nexec "$@"', 'sh']


# --- real components

def listener(serve):
    """A server that calls serve(connection) for each; its port."""
    s = socket.create_server((HERE, 0))

    def loop():
        while True:
            c = s.accept()[0]
            threading.Thread(target=serve, args=(c,), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()
    return s.getsockname()[1]


def says(data):
    def serve(c):
        c.settimeout(5)
        try:
            c.recv(4096)
            c.sendall(data)
            c.recv(4096)
        except OSError:
            pass
        c.close()
    return serve


def tls(chain):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)

    def serve(c):
        try:
            c = context.wrap_socket(c, server_side=True)
            c.recv(4096)
        except OSError:
            pass
        c.close()
    return serve


def closed_port():
    with socket.create_server((HERE, 0)) as s:
        return s.getsockname()[1]


def make_certificates():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)

    def pem(thing):
        if hasattr(thing, 'private_bytes'):
            return thing.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption())
        return thing.public_bytes(serialization.Encoding.PEM)

    def name(text):
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    def make(subject, issuer, key, signer, start, end, extension):
        b = (x509.CertificateBuilder().subject_name(name(subject))
             .issuer_name(name(issuer)).public_key(key.public_key())
             .serial_number(x509.random_serial_number())
             .not_valid_before(now + start * day)
             .not_valid_after(now + end * day))
        for e, critical in extension:
            b = b.add_extension(e, critical)
        return b.sign(signer, hashes.SHA256())

    def put(path, *things):
        with open(TMP + '/' + path, 'wb', opener=lambda p, f: os.open(
                p, f, 0o600)) as f:
            f.write(b''.join(pem(t) for t in things))

    root = ec.generate_private_key(ec.SECP256R1())
    ca = make('Failures CA', 'Failures CA', root, root, -9, 30,
              [(x509.BasicConstraints(True, None), True)])
    put('ca.pem', ca)
    for path, host, start, end in (
            ('good', 'localhost', -1, 9), ('old', 'localhost', -9, -1),
            ('early', 'localhost', 1, 9), ('other', 'other.example', -1, 9)):
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = make(host, 'Failures CA', key, root, start, end, [
            (x509.SubjectAlternativeName([x509.DNSName(host)]), False),
            (x509.BasicConstraints(False, None), True)])
        put('server-' + path + '.pem', key, leaf)
    key = rsa.generate_private_key(65537, 2048)
    other = rsa.generate_private_key(65537, 2048)
    weak = rsa.generate_private_key(65537, 1024)
    for path, k, start, end in (
            ('app', key, -1, 90), ('app-soon', key, -1, 9),
            ('app-old', key, -9, -1), ('app-early', key, 2, 9),
            ('app-weak', weak, -1, 9)):
        put(path + '.pem', k, make('app', 'app', k, k, start, end, []))
    put('app-mismatch.pem', other,
        make('app', 'app', key, key, -1, 90, []))


def jwt(path, **claims):
    def part(thing):
        return base64.urlsafe_b64encode(
            json.dumps(thing).encode()).rstrip(b'=').decode()
    with open(TMP + '/' + path, 'w') as f:
        f.write('.'.join((part({'alg': 'RS256', 'kid': 'x'}), part(claims),
                          'c2ln')))


def put(path, text, mode=0o600):
    with open(TMP + '/' + path, 'w') as f:
        f.write(text)
    os.chmod(TMP + '/' + path, mode)


try:
    import cryptography  # noqa: F401
    make_certificates()
    CERTIFICATES = True
except ImportError:
    CERTIFICATES = False

SERVERS = {
    'closed': closed_port(),
    'http': listener(says(b'HTTP/1.1 400 Bad Request\r\n\r\n')),
    'smtp': listener(says(b'220 mail.example ESMTP\r\n')),
    'old_tls': listener(says(b'\x15\x03\x01\x00\x02\x02\x46')),
    'no_cipher': listener(says(b'\x15\x03\x03\x00\x02\x02\x28')),
    'silent': listener(lambda c: time.sleep(30)),
    'proxy_407': listener(says(
        b'HTTP/1.1 407 Proxy Authentication Required\r\n'
        b'Proxy-Authenticate: Basic realm="x"\r\n'
        b'Content-Length: 0\r\n\r\n')),
    'proxy_403': listener(says(
        b'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')),
    'proxy_portal': listener(says(
        b'HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n'
        b'Content-Length: 0\r\n\r\n')),
}
if CERTIFICATES:
    for server in 'good', 'old', 'early', 'other':
        SERVERS[server] = listener(tls(TMP + '/server-' + server + '.pem'))

now = int(time.time())
APP = 'api://AzureADTokenExchange'
WHO = dict(iss='https://issuer.example', sub='app')
jwt('fed.jwt', aud=APP, nbf=now - 60, exp=now + 600, **WHO)
jwt('fed-old.jwt', aud=APP, nbf=now - 600, exp=now - 60, **WHO)
jwt('fed-aud.jwt', aud='someone else', nbf=now - 60, exp=now + 600, **WHO)
put('fed-empty.jwt', '')
put('fed-json.jwt', '{"value":"x"}')
put('secret-open', 'sandbox-secret\n', 0o644)
put('secret-empty', '\n')
put('aliases', 'root: |/bin/sh\nops: a@example.com\n')
put('aliases-word', 'ops a@example.com\n')


def login(name):
    return 'https://localhost:{%s}' % name


# --- the table: credentials. `error` and status as Entra ID sends them.

AR = 'App registrations > (your app) > '
SECRETS = AR + 'Certificates & secrets > Client secrets > New client secret'
NO_SECRET = {'client_secret': None}


def proof(key, path):
    return {'client_secret': None, key: TMP + '/' + path}


def certificate(path):
    return proof('client_certificate', path)


def federated(path):
    return proof('federated_token_file', path)


def refused(name, number, exit, remedy, status=401):
    row(name, exit, 'token', 'AADSTS' + number, remedy,
        fault='token status %d code=AADSTS%s' % (status, number))


row('wrong secret', 77, 'token', 'AADSTS7000215', SECRETS,
    set={'client_secret': 'wrong'})
row("the secret's ID", 77, 'token', 'AADSTS7000215', 'not the Secret ID',
    set={'client_secret': '0f8fad5b-d9cb-469f-a165-70867728950e'})
refused('secret expired', '7000222', 77, SECRETS)
refused('old form of a wrong secret', '70002', 77, SECRETS)
refused('no proof arrived', '7000216', 77, 'exempt the login host')
refused('no proof in the body', '7000218', 77, 'exempt the login host')
refused('a public client', '700025', 77, 'Allow public client flows: No')
row('unknown client', 77, 'token', 'AADSTS700016',
    'compare Application (client) ID',
    set={'client_id': '11111111-2222-4333-8444-555555555555'})
row('unknown tenant', 78, 'token', 'AADSTS90002',
    'Directory (tenant) ID belongs into tenant_id',
    set={'tenant_id': '99999999-2222-4333-8444-555555555555'})
refused('no such directory', '900023', 78, 'Directory (tenant) ID', 400)
refused('no service principal', '7000229', 77, 'az ad sp create')
refused('app disabled', '7000112', 77, 'Enabled for users to sign in: Yes')
refused('app disabled, old number', '70001', 77,
        'Enabled for users to sign in: Yes')
refused('conditional access', '53003', 77, 'public IP address', 403)
refused('assignment required', '50105', 77, 'Assignment required: No', 403)
refused('no consent', '65001', 77, 'Grant admin consent', 403)
refused('Graph not among the permissions', '650057', 77, 'Mail.Send')
refused('another national cloud', '90038', 78, 'portal.azure.us', 400)
refused('the common endpoint', '50194', 78, "tenant's own id", 400)
refused("Graph's address unknown", '500011', 78, 'Graph host', 400)
refused('tenant restrictions of a proxy', '500021', 77,
        'Restrict-Access-To-Tenants', 403)
refused('regional endpoint', '100007', 78, "cloud's own host", 400)
refused('certificate not uploaded', '700027', 77, 'Upload certificate')
refused('assertion out of its time', '700024', 77, 'clock')
refused('subject not authorised', '700030', 77, 'Upload certificate')
refused('weak key', '50032', 77, 'at least 2048 bits')
refused('no federated credential: issuer', '700211', 77,
        'Federated credentials')
refused('no federated credential: subject', '700213', 77,
        'letter for letter')
refused('no federated credentials at all', '70025', 77, 'Add credential')
refused('federation restricted', '700223', 77, 'Application policies')
refused('too many tokens', '90055', 75, 'token_cache', 429)
row('directory in trouble', 75, 'token', 'AADSTS90033', 'tries again',
    fault='token status 503')
row('certificate missing', 78, 'credential', 'none.pem', 'name files',
    set=certificate('none.pem'))
row('certificate expired', 78, 'credential', 'expired on',
    'make another certificate', set=certificate('app-old.pem'),
    only=CERTIFICATES)
row('certificate not valid yet', 75, 'credential', 'is not valid before',
    'clock', set=certificate('app-early.pem'), only=CERTIFICATES)
row('certificate of another key', 78, 'credential',
    'certificate is not that of the key', 'openssl x509',
    set=certificate('app-mismatch.pem'), only=CERTIFICATES)
row('certificate with a weak key', 78, 'credential', '1024 bits',
    '', set=certificate('app-weak.pem'), only=CERTIFICATES)
row('certificate ends soon', 0, 'expiry', 'certificate ends on', 'Make a new',
    set=certificate('app-soon.pem'), state='note', only=CERTIFICATES)
row('secret ends soon', 0, 'expiry', 'client secret ends on',
    'stays good until then', state='note', set={
        'secret_expires': time.strftime('%Y-%m-%d',
                                        time.gmtime(now + 9 * 86400))})
row('secret is over', 78, 'expiry', 'client secret ended on', 'Make a new',
    set={'secret_expires': '2026-01-01'})
row('secret file missing', 78, 'credential', 'client_secret_file',
    "secret's Value", set=proof('client_secret_file', 'none'))
row('secret file open to all', 78, 'credential', 'all users may read',
    'chmod o-rwx', set=proof('client_secret_file', 'secret-open'))
row('secret file empty', 78, 'credential', 'first line is empty',
    "secret's Value",
    set=proof('client_secret_file', 'secret-empty'))
row('secret command fails', 78, 'credential', 'client_secret_command',
    'by hand as this user',
    set={'client_secret': None, 'client_secret_command': 'exit 3'})
row('federated token file missing', 78, 'credential', 'none.jwt',
    'that this user can read', set=federated('none.jwt'))
row('federated token expired', 75, 'credential', 'its token expired on',
    'has to renew it', set=federated('fed-old.jwt'))
row('federated token empty', 78, 'credential', 'the file is empty',
    'JSON Web Token', set=federated('fed-empty.jwt'))
row('federated token in JSON', 78, 'credential', 'jq -r .value', '',
    set=federated('fed-json.jwt'))
row('federated token for another audience', 77, 'token', 'AADSTS700212',
    'api://AzureADTokenExchange', set=federated('fed-aud.jwt'))
row('no managed identity here', 75, 'token', 'managed identity', '',
    set={'client_secret': None, 'client_id': None,
         'managed_identity': 'system'},
    env={'AZURE_POD_IDENTITY_AUTHORITY_HOST':
         'http://127.0.0.1:%d' % SERVERS['closed']})

# --- permission and mailbox

row('no permission for the mailbox', 77, 'mailbox', 'ErrorAccessDenied',
    'Test-ServicePrincipalAuthorization', only='bare',
    fault='send status 403 code=ErrorAccessDenied')
row('application access policy', 77, 'mailbox', 'AppOnly AccessPolicy',
    'Test-ApplicationAccessPolicy',
    fault='send status 403 code=ErrorAccessDenied message="Access to OData '
    'is disabled: [RAOP] : Blocked by tenant configured AppOnly '
    'AccessPolicy settings."')
row('no permission at all', 77, 'mailbox', 'NoPermissionsInAccessToken',
    'Application Mail.Send', only='bare',
    fault='send status 401 code=NoPermissionsInAccessToken')
row('token not accepted', 77, 'mailbox', 'InvalidAuthenticationToken',
    'graph_url and login_url', fault='send status 401')
row('mailbox not found', 78, 'mailbox', 'ErrorInvalidUser',
    'user principal name', set={'mailbox': 'nobody@example.com'})
row('user not found', 78, 'mailbox', 'Request_ResourceNotFound',
    'user principal name',
    fault='send status 404 code=Request_ResourceNotFound')
row('no licence, soft-deleted or on premises', 78, 'mailbox',
    'MailboxNotEnabledForRESTAPI', 'Licenses and apps',
    fault='send status 404 code=MailboxNotEnabledForRESTAPI')
row('mailbox on premises', 78, 'mailbox', 'MailboxNotHostedInExchangeOnline',
    'Exchange Online',
    fault='send status 404 code=MailboxNotHostedInExchangeOnline')
row('account disabled', 77, 'mailbox', 'ErrorAccountDisabled',
    'blocked or', fault='send status 403 code=ErrorAccountDisabled')
row('blocked as a source of spam', 77, 'mailbox',
    'ErrorMessageSubmissionBlocked', 'Restricted entities',
    fault='send status 403 code=ErrorMessageSubmissionBlocked')
row('mailbox full', 78, 'mailbox', 'ErrorQuotaExceeded', 'Free space',
    fault='send status 403 code=ErrorQuotaExceeded')
row('From of another mailbox', 69, None, 'ErrorSendAsDenied', 'Send as',
    command='send a@example.org', set={
        'from': 'other@example.com', 'mailbox': 'sender@example.com'})
row('From, not tried by check', 0, 'mailbox', 'was not tried', '',
    state='note', set={'from': 'other@example.com',
                       'mailbox': 'sender@example.com'})
row('no role in the token', 0, 'permission', 'no Mail.Send',
    'entra-setup', state='note', only='bare', command='check --no-probe')
row('delivery = exact without its role', 0, 'large mail', 'Mail.ReadWrite',
    'delivery', state='note', set={'delivery': 'exact'}, only='bare',
    command='check --no-probe')
row('read_bounces without its role', 0, 'bounces', 'Mail.Read', 'read_bounces',
    state='note', set={'read_bounces': 'yes'}, only='bare',
    command='check --no-probe')
row('trace not allowed', 77, None, 'ExchangeMessageTrace.Read.All',
    'admin consent', command='trace --since 1h')
row('test: trace not allowed', 77, 'delivery', 'cannot be asked',
    'ExchangeMessageTrace.Read.All', command='test --wait a@example.org')
row('trace: no service principal', 77, None, 'Unauthorized',
    '8bd644d1-64a1-4d4b-ae52-2e0cbf64e373', command='trace --since 1h',
    fault='trace status 401 code=Unauthorized message="8bd644d1-64a1-4d4b-'
    'ae52-2e0cbf64e373"')

# --- quota and throttle

row('throttled', 75, 'mailbox', 'ApplicationThrottled', 'four requests',
    fault='send status 429 retry-after=1')
row('recipients of the day used up', 75, 'mailbox',
    'ErrorSubmissionQuotaExceeded', '10,000 recipients',
    fault='send status 429 code=ErrorSubmissionQuotaExceeded')
row('busy', 75, 'mailbox', 'ErrorServerBusy', 'sent again later',
    fault='send status 503')
row('Exchange fails', 76, 'mailbox', 'ErrorInternalServerError', 'Sent Items',
    fault='send status 500')
row('too many recipients', 69, None, 'ErrorExceededMaxRecipientLimit',
    'RecipientLimits', command='send a@example.org',
    fault='send status 400 code=ErrorExceededMaxRecipientLimit')
row('message too large for the mailbox', 69, None,
    'ErrorMessageSizeExceeded', 'MaxSendSize', command='send a@example.org',
    fault='send status 400 code=ErrorMessageSizeExceeded')
row('no such recipient form', 67, None, 'ErrorInvalidRecipients',
    'Correct the address', command='send a@example.org',
    fault='send status 400 code=ErrorInvalidRecipients')
row('virus', 69, None, 'ErrorVirusDetected', 'attachments',
    command='send a@example.org',
    fault='send status 400 code=ErrorVirusDetected')

# --- network, proxies and TLS

row('connection refused', 75, 'connection', 'refused', 'firewall',
    set={'login_url': login('closed')})
row('name unknown', 75, 'connection', 'no-such-host.invalid', '',
    set={'login_url': 'https://no-such-host.invalid'})
row('no answer', 75, 'TLS', 'in time', 'firewall',
    set={'login_url': login('silent')})
row('Graph refused', 75, 'connection', 'refused', 'firewall',
    set={'graph_url': login('closed') + '/v1.0'})
row('proxy refuses', 75, 'connection', 'refused', 'the setting proxy',
    set={'login_url': 'https://login.example',
         'proxy': 'http://127.0.0.1:{closed}'})
row('proxy wants a password', 78, 'connection', '407', 'password',
    set={'login_url': 'https://login.example',
         'proxy': 'http://127.0.0.1:{proxy_407}'})
row('proxy denies', 78, 'connection', '403', 'proxy',
    set={'login_url': 'https://login.example',
         'proxy': 'http://127.0.0.1:{proxy_403}'})
row('proxy is a portal', 75, 'connection', '302', '',
    set={'login_url': 'https://login.example',
         'proxy': 'http://127.0.0.1:{proxy_portal}'})
row('captive portal', 75, 'token', 'is no token', 'sign-on page', fault='token html-200')
row('sign-in redirects', 78, 'token', 'has moved', 'login_url',
    fault='token redirect https://elsewhere.example/')
row('answer is no HTTP', 75, 'token', 'HTTP', "in the service's place",
    fault='token garbage')
row('closed without an answer', 75, 'token', 'closed', 'firewall on the way',
    fault='token close')
row('Graph answers with a page', 76, 'mailbox', '200', 'Sent Items',
    fault='send html-200')
row('gateway', 76, 'mailbox', '502', 'Sent Items',
    fault='send status 502 body=html')
row('HTTP where TLS was expected', 75, 'TLS', 'plain HTTP', '443',
    set={'login_url': login('http')})
row('SMTP where TLS was expected', 75, 'TLS', 'does not speak TLS', '443',
    set={'login_url': login('smtp')})
row('TLS 1.0 only', 75, 'TLS', 'older TLS than 1.2', 'TLS 1.2 or 1.3',
    set={'login_url': login('old_tls')})
row('no common cipher', 75, 'TLS', 'handshake_failure', 'ECDHE',
    set={'login_url': login('no_cipher')})
row('unknown authority', 75, 'TLS', 'Failures CA', 'ca =',
    set={'login_url': login('good')}, only=CERTIFICATES)
for which, text in ('old', 'it expired on'), ('early', 'not valid before'):
    row('certificate of the server: ' + which, 75, 'TLS', text, 'clock',
        set={'login_url': login(which), 'ca': TMP + '/ca.pem'},
        only=CERTIFICATES)
row('certificate for another host', 75, 'TLS', 'it is for other.example', '',
    set={'login_url': login('other'), 'ca': TMP + '/ca.pem'},
    only=CERTIFICATES)
row('ca names no file', 78, 'credential', 'none.pem', 'ca',
    set={'ca': TMP + '/none.pem'})
row('http in place of https', 78, 'settings', 'use https://', 'there',
    set={'login_url': 'http://login.example'})

# --- clock

row('clock ahead', 78, 'clock', 'ahead of', 'timedatectl',
    fault='token date-skew -900')
row('clock behind', 78, 'clock', 'behind', 'timedatectl',
    fault='token date-skew 900')

# --- settings, aliases, queue

row('no settings', 78, 'settings', 'not set: ', 'set it in',
    set={'tenant_id': None, 'client_id': None, 'client_secret': None,
         'from': None})
row('sender missing', 78, 'settings', 'from', 'set it in', set={'from': None})
row('unknown key', 78, 'settings', 'did you mean client_secret', 'Correct it',
    set={'client_secert': 'x'})
row('no such account', 78, 'settings', '[account other]', '',
    command='check -A other')
row('a bad value', 78, 'settings', 'neither yes nor no', 'config init',
    set={'enabled': 'maybe'})
row('a bad address', 78, 'settings', 'from', '', set={'from': 'sender'})
row('open to all', 78, 'settings', 'all users may read', 'chmod o-rwx',
    before=lambda: os.chmod(CONFIG, 0o644))
row('settings not there', 78, 'settings', 'none', 'config init',
    command='check -C ' + TMP + '/none')
row('switched off', 0, 'enabled', 'nothing is sent', '', state='note',
    set={'enabled': 'no'})
row('alias with a command', 67, 'aliases', 'is a command', 'an address',
    set={'aliases': TMP + '/aliases'})
row('alias without a colon', 67, 'aliases', 'aliases-word:1', 'an address',
    set={'aliases': TMP + '/aliases-word'})
row('alias file missing', 78, 'aliases', 'none', 'can read',
    set={'aliases': TMP + '/none'})
row('an account that is not complete', 78, 'accounts', 'account two',
    'together in one', set={'': '[account two]\nfrom = two@example.com\n'
                      'client_secret_file =/none\ntenant_id = x y'})
row('an account of another mailbox', 78, 'accounts', 'ErrorInvalidUser',
    'user principal name',
    set={'': '[account two]\nfrom = two@example.com'})
row('queue cannot be made', 73, 'queue', 'cannot write', 'spool_dir',
    set={'spool_dir': TMP + '/aliases/spool'})
row('queue on a read-only disk', 73, 'queue', 'Read-only', 'for writing',
    set={'spool_dir': TMP + '/disk/spool'}, wrap='-o ro', only=MOUNTS)
row('disk full', 75, 'queue', 'free', 'min_free',
    set={'spool_dir': TMP + '/disk/spool'}, wrap='-o size=64k', only=MOUNTS)
row('queue open to all', 73, 'queue', 'may write', 'chmod o-w',
    set={'spool_dir': TMP + '/open'}, before=lambda: open_queue())
row('no relay where one is set up', 69, 'relay', 'no relay answers', 'post365',
    set={'': '[relay]\nlisten = 127.0.0.1:{closed}\nsocket = off\n'
         'drop = off'})
row('relay: a bad setting', 78, 'relay', 'listen', '',
    set={'': '[relay]\nlisten = nowhere'})


def open_queue():
    for name in '', 'tmp', 'new', 'work', 'hold', 'dead':
        os.makedirs(TMP + '/open/' + name, exist_ok=True)
    put('open/lock', '')
    os.chmod(TMP + '/open', 0o777)


# --- plays a row

with open(SANDBOX + '/config') as f:
    BASE = dict(line.strip().split(' = ', 1) for line in f
                if ' = ' in line and not line.startswith('#'))


def write_config(changes):
    settings = dict(BASE, state_dir=STATE, timeout='2s', connect_timeout='1s')
    settings.update(changes)
    tail = settings.pop('', '')
    text = ''.join('%s = %s\n' % pair for pair in settings.items()
                   if pair[1] is not None) + tail + '\n'
    for name, port in SERVERS.items():
        text = text.replace('{%s}' % name, str(port))
    put('config', text)


def play_faults(rules):
    put('faults', '\n'.join(rules) + '\n')
    os.rename(TMP + '/faults', SANDBOX + '/faults')


def run(r):
    """The exit status, and the lines as (step, state, text, remedy)."""
    shutil.rmtree(STATE, ignore_errors=True)
    play_faults(r['fault'])
    write_config(r['set'])
    if r['before']:
        r['before']()
    words = r['command'].split()
    command = [PROGRAM, words[0]]
    if '-C' not in words:
        command += ['-C', CONFIG]
    command += words[1:]
    if words[0] != 'trace':
        command.append('--json')
    if words[0] == 'send':
        command += ['-s', 'x']
    if r['wrap']:
        command = DISK + [TMP + '/disk', r['wrap']] + command
    env = dict(os.environ, COLUMNS='9000', **r['env'])
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60)
    out, err = done.stdout.decode(), done.stderr.decode()
    if r['step'] is None:
        what, _, cure = err.partition('\n  do: ')
        if words[0] == 'send' and out:
            error = json.loads(out).get('error') or {}
            what, cure = error.get('message', ''), error.get('remedy', '')
            what += error.get('code', '')
        return done.returncode, [(None, 'fail', what, cure)]
    lines = [json.loads(line) for line in out.splitlines()]
    if not lines or lines[-1] != {'exit': done.returncode}:
        return done.returncode, [(None, '', out + err, '')]
    return done.returncode, [
        (x['step'], x['state'], x['text'], x.get('remedy', ''))
        for x in lines[:-1]]


def judge(r):
    status, lines = run(r)
    found = [x for x in lines if x[1] == r['state'] and
             (r['state'] == 'fail' or x[0] == r['step'])]
    if not found:
        return 'no %s line: %s' % (r['state'], lines)
    step, _, text, remedy = found[0]
    # of several notes of a step, the one that is meant
    for x in found if r['state'] == 'note' else ():
        if r['text'] in x[2]:
            step, _, text, remedy = x
    if status != r['exit']:
        return 'exit %d, not %d: %s: %s' % (status, r['exit'], step, text)
    if step != r['step']:
        return 'step %s: %s' % (step, text)
    if r['text'] not in text:
        return 'no "%s" in "%s"' % (r['text'], text)
    if r['remedy'] not in remedy:
        return 'no "%s" in the cure "%s" of "%s"' % (r['remedy'], remedy,
                                                     text)
    if r['state'] == 'fail' and not remedy:
        return 'no cure: %s' % text
    return None


def main(kind):
    played = 0
    for r in rows:
        if (r['only'] == 'bare') != (kind == 'bare'):
            continue
        if r['only'] is False:
            print('skip %s: it cannot be played here' % r['name'])
            continue
        why = judge(r)
        played += 1
        if why is None:
            print('ok', r['name'])
        else:
            print('not ok %s: %s' % (r['name'], why.replace('\n', ' ')))
    if kind != 'bare':
        print('%s at least 60 failures' % ('ok' if played >= 60 else 'not ok'))


main(sys.argv[4])
