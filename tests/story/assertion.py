# SPDX-License-Identifier: MIT
# For certificate.sh, with the signatures of python3-cryptography.
#   assertion.py serve LOG        a token endpoint and a Graph; notes forms
#   assertion.py compare FORM VECTORS BITS ALG CERT
#   assertion.py certificate KEY OUT FROM UNTIL    years; for the bad ones
import base64
import datetime
import http.server
import json
import sys
import urllib.parse


def decode(part):
    return base64.urlsafe_b64decode(part + '=' * (-len(part) % 4))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        answer = b''
        if self.path.endswith('/oauth2/v2.0/token'):
            with open(sys.argv[2], 'wb') as f:
                f.write(body)
            answer = json.dumps({'token_type': 'Bearer', 'expires_in': 3599,
                                 'access_token': 'a-token'}).encode()
        self.send_response(200 if answer else 202)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


def serve():
    server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
    print('ready', server.server_address[1], flush=True)
    server.serve_forever()


def verify(cert, alg, data, signature):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    with open(cert, 'rb') as f:
        key = x509.load_pem_x509_certificate(f.read()).public_key()
    sha = hashes.SHA256()
    scheme = padding.PKCS1v15() if alg == 'RS256' else padding.PSS(
        padding.MGF1(sha), 32)
    key.verify(signature, data, scheme, sha)


def compare(form, vectors, bits, alg, cert):
    with open(form) as f:
        fields = urllib.parse.parse_qs(f.read(), strict_parsing=True)
    assertion = fields['client_assertion'][0]
    head, claims, signature = assertion.split('.')
    verify(cert, alg, (head + '.' + claims).encode(), decode(signature))
    with open(vectors) as f:
        row = [r for r in json.load(f) if r['bits'] == int(bits)][0]
    want = row['header_' + alg.lower()]
    assert json.loads(decode(head)) == want, 'header'
    got = json.loads(decode(claims))
    want = row['claims']
    assert list(got) == list(want), 'names of the claims'
    assert got['exp'] - got['nbf'] == want['exp'] - want['nbf'], 'life'
    assert got['iat'] == got['nbf'], 'iat'
    path = urllib.parse.urlparse
    assert path(got['aud']).path == path(want['aud']).path, 'aud'
    for name in 'iss', 'sub':
        assert got[name] == want[name], name
    # with the same claims, the bytes that are signed are the same
    got.update({n: want[n] for n in ('aud', 'jti', 'nbf', 'iat', 'exp')})
    text = json.dumps(got, separators=(',', ':')).encode()
    text = base64.urlsafe_b64encode(text).rstrip(b'=').decode()
    signed = (row['ps256_signing_input'] if alg == 'PS256' else
              row['rs256_assertion'].rpartition('.')[0])
    assert head + '.' + text == signed, 'serialization'


def certificate(key, out, start, end):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    with open(key, 'rb') as f:
        k = serialization.load_pem_private_key(f.read(), None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'x')])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(k.public_key()).serial_number(1)
            .not_valid_before(datetime.datetime(int(start), 1, 1))
            .not_valid_after(datetime.datetime(int(end), 1, 1))
            .sign(k, hashes.SHA256()))
    with open(out, 'wb') as f:
        f.write(made.public_bytes(serialization.Encoding.PEM))


globals()[sys.argv[1]](*([] if sys.argv[1] == 'serve' else sys.argv[2:]))
