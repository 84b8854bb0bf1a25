"""One request at a time with libcurl: redirects, names, TLS and proxies are as it does them."""

from __future__ import annotations

import email.utils
import re
import time
from dataclasses import dataclass
from typing import Callable, Sequence
from urllib.parse import urlsplit

import pycurl

MOST_REDIRECTS = 10


@dataclass(frozen=True)
class Reply:
    """What came, to its last byte."""

    status: int
    seconds: float  # from sending the request to the last byte; of all hops where it was redirected
    bytes: int
    version: str  # HTTP/1.1
    new_connections: int
    set_up: SetUp  # of those; all 0 where there are none
    retry_after_s: float = 0.0  # as it asks, or 0


@dataclass(frozen=True)
class SetUp:
    """How long it took to be connected, in seconds."""

    name: float = 0.0
    tcp: float = 0.0
    tls: float = 0.0

    @property
    def all(self) -> float:
        return self.name + self.tcp + self.tls


class NoReply(Exception):
    """None came, or none to its end. `kind` is short, as counts have it; the message is one line that says what to do."""

    def __init__(self, kind: str, message: str, is_url: bool = False) -> None:
        super().__init__(message)
        self.kind, self.is_url = kind, is_url  # is_url: the URL can't be used, whoever would be asked


class Stopped(Exception):
    """The call was given up, as `stopped` said so."""


class Client:
    """Keeps its connection from call to call. `stopped` is asked now and then, at once after a signal."""

    def __init__(self, url: str, agent: str, headers: Sequence[str], timeout_s: float,
                 stopped: Callable[[], bool] = lambda: False) -> None:
        self._url, self._timeout_s = url, timeout_s
        self._bytes, self._retry_after_s = 0, 0.0
        self._curl = curl = pycurl.Curl()
        for option, value in ((pycurl.URL, url.encode()), (pycurl.USERAGENT, agent),
                              (pycurl.HTTPHEADER, [header.encode() for header in headers]),
                              (pycurl.TIMEOUT_MS, round(1000 * timeout_s)), (pycurl.NOSIGNAL, 1),
                              (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
                              (pycurl.REDIR_PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
                              (pycurl.FOLLOWLOCATION, 1), (pycurl.MAXREDIRS, MOST_REDIRECTS),
                              (pycurl.WRITEFUNCTION, self._take), (pycurl.HEADERFUNCTION, self._read_header),
                              (pycurl.NOPROGRESS, 0), (pycurl.XFERINFOFUNCTION, lambda *_: int(stopped()))):
            curl.setopt(option, value)

    def ask(self) -> Reply:
        """Raises NoReply or Stopped."""
        self._bytes, self._retry_after_s = 0, 0.0
        try:
            self._curl.perform()
        except pycurl.error as e:
            code, said = e.args
            if code == pycurl.E_ABORTED_BY_CALLBACK:
                raise Stopped from None
            raise no_reply(code, said, self._url, self._timeout_s) from None
        told = self._curl.getinfo
        # libcurl counts each of these from the beginning of a hop, and adds the hops up.
        name, tcp, tls = (told(what) for what in (pycurl.NAMELOOKUP_TIME, pycurl.CONNECT_TIME, pycurl.APPCONNECT_TIME))
        connected, connections = max(tcp, tls), told(pycurl.NUM_CONNECTS)
        if connections and told(pycurl.REDIRECT_COUNT):  # hops with TLS and without do not add up
            connected = told(pycurl.PRETRANSFER_TIME)  # not in general: it is taken when the request has been sent
        set_up = SetUp(name, max(0.0, tcp - name), max(0.0, tls - tcp) if tls else 0.0) if connections else SetUp()
        return Reply(told(pycurl.RESPONSE_CODE), told(pycurl.TOTAL_TIME) - connected, self._bytes,
                     _VERSIONS.get(told(pycurl.INFO_HTTP_VERSION), "HTTP"), connections, set_up, self._retry_after_s)

    def close(self) -> None:
        self._curl.close()

    def _take(self, data: bytes) -> None:
        self._bytes += len(data)

    def _read_header(self, line: bytes) -> None:
        if line.startswith(b"HTTP/"):  # of the next hop
            self._bytes, self._retry_after_s = 0, 0.0
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "retry-after":
            self._retry_after_s = retry_after_s(value.strip(), time.time())


_VERSIONS = {pycurl.CURL_HTTP_VERSION_1_0: "HTTP/1.0", pycurl.CURL_HTTP_VERSION_1_1: "HTTP/1.1",
             pycurl.CURL_HTTP_VERSION_2_0: "HTTP/2", 30: "HTTP/3"}


def retry_after_s(value: str, now_s: float) -> float:
    """Seconds, or the time of an HTTP date after `now_s`; 0 where it is neither."""
    if re.fullmatch(r"\d{1,9}", value):
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now_s)
    except (TypeError, ValueError):
        return 0.0


def address(url: str) -> str:
    """HOST:PORT, or HOST where no port is named."""
    return urlsplit(url).netloc.rpartition("@")[2]


def no_reply(code: int, said: str, url: str, timeout_s: float) -> NoReply:
    """libcurl's error in words."""
    where = address(url)
    if code in (pycurl.E_URL_MALFORMAT, pycurl.E_UNSUPPORTED_PROTOCOL) and "HTTP/0.9" not in said:
        reason = f" ({said.strip()})" if said.strip() else ""
        return NoReply("bad URL", f"{where}: no URL that can be asked{reason}; expected one such as "
                       "https://example.org/items", is_url=True)
    kind, what_to_do = _WORDS.get(code, ("transport error", "does curl get a reply?"))
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return NoReply(f"no reply within {timeout_s:g} s", f"{where}: expected a reply within {timeout_s:g} s, none came; "
                       "is the URL right? --timeout gives it more time")
    return NoReply(kind, f"{where}: {kind}: {said.strip()}; {what_to_do}")


_CERTIFICATE = ("certificate not accepted", "expected one for this name from an authority that this machine trusts "
                "(update-ca-certificates adds one)")
_CONNECTION = ("connection broke", "expected a whole HTTP reply; is it an HTTP service, is it http:// or https://?")
_WORDS = {
    pycurl.E_COULDNT_RESOLVE_HOST: ("name unknown", "is it spelt right, is there a network?"),
    pycurl.E_COULDNT_RESOLVE_PROXY: ("the proxy's name is unknown", "http_proxy and https_proxy say which it is"),
    pycurl.E_COULDNT_CONNECT: ("nobody answers there", "does the service run, is the port right?"),
    pycurl.E_SSL_CONNECT_ERROR: ("TLS failed", "is it http:// rather than https://?"),
    pycurl.E_PEER_FAILED_VERIFICATION: _CERTIFICATE,
    pycurl.E_SSL_CACERT: _CERTIFICATE,
    pycurl.E_TOO_MANY_REDIRECTS: ("redirected without end", f"expected {MOST_REDIRECTS} hops at most; ask the last "
                                  "URL itself"),
    pycurl.E_GOT_NOTHING: _CONNECTION,
    pycurl.E_RECV_ERROR: _CONNECTION,
    pycurl.E_SEND_ERROR: _CONNECTION,
    pycurl.E_PARTIAL_FILE: _CONNECTION,
    pycurl.E_UNSUPPORTED_PROTOCOL: ("no HTTP", "expected HTTP/1.1 or HTTP/2; is the port right?"),
    pycurl.E_FTP_WEIRD_SERVER_REPLY: ("no HTTP", "expected HTTP/1.1 or HTTP/2; is the port right?"),
}
