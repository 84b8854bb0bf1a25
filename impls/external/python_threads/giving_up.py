"""How a thread's call is given up, which requests has no word for: another thread shuts its socket down under it."""

import contextlib
import socket
import threading
from typing import Iterator
from weakref import WeakSet

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

_given_up = threading.Event()
_connections: WeakSet[HTTPConnection] = WeakSet()
_lock = threading.Lock()  # of both: a connection is open before all are given up, or finds out that they were


class _Connection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        with _lock:
            if _given_up.is_set():
                self.close()
                raise ConnectionAbortedError("given up")
            _connections.add(self)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class Adapter(HTTPAdapter):
    def init_poolmanager(self, *words, **more) -> None:
        super().init_poolmanager(*words, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool}


@contextlib.contextmanager
def all_calls_given_up() -> Iterator[None]:
    """Those that are under way fail, and those that would be begun, until the end of the context."""
    with _lock:
        _given_up.set()
        for connection in _connections:
            with contextlib.suppress(OSError, AttributeError):  # it is closed already
                connection.sock.shutdown(socket.SHUT_RDWR)
    yield
    _given_up.clear()
