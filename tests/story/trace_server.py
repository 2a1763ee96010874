# SPDX-License-Identifier: MIT
"""A message trace written from Microsoft's description (facts.md 11) and not
from the sandbox's code: three pages with links to the real service's host, a
429 before the second one, and no question without both bounds of time."""
import http.server
import json
import re
import urllib.parse

PLACE = "/v1.0/admin/exchange/tracing/messageTraces"
BOUNDS = re.compile(
    r"receivedDateTime ge (\S+Z) and receivedDateTime le (\S+Z)(?: and |$)")
busy = [True]


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value, **fields):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in fields.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, {"token_type": "Bearer", "expires_in": 3599,
                          "access_token": "t"})

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        top = query.get("$top", "1000")
        page = int(query.get("$skiptoken", "p 0&").strip("p &"))
        if (url.path != PLACE or not 1 <= int(top) <= 5000 or
                not BOUNDS.match(query.get("$filter", ""))):
            self.answer(400, {"error": {"code": "BadRequest",
                                        "message": self.path}})
            return
        if page == 1 and busy:
            busy.pop()
            self.answer(429, {"error": {"code": "TooManyRequests",
                                        "message": "x"}}, Retry_After="1")
            return
        item = {"id": "t%d" % page, "messageId": "<%d@x.example>" % page,
                "receivedDateTime": "2026-11-25T20:10:0%d.1234567Z" % page,
                "senderAddress": "a@x.example",
                "recipientAddress": "b%d@x.example" % page,
                "subject": "Gr\u00fc\u00dfe", "size": 1,
                "status": ["delivered", "failed", "unheardOf"][page]}
        value = {"@odata.context": "x", "value": [item]}
        if page < 2:
            more = {**query, "$skiptoken": "p %d&" % (page + 1)}
            value["@odata.nextLink"] = ("https://graph.microsoft.com" + PLACE +
                                        "?" + urllib.parse.urlencode(more))
        self.answer(200, value)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
print("ready http://127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
