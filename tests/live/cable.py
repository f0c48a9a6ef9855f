"""A network cable between a browser and this machine that can be pulled: the smallest SOCKS 5 proxy."""

import contextlib
import socket
import threading


class Cable:
    """Carries connections until it is pulled; then those that are open break and new ones are refused."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open, self._is_out = [], False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"socks5://127.0.0.1:{self._listener.getsockname()[1]}"

    def pull(self):
        """Break every connection, as when a machine goes to sleep."""
        self._is_out = True
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def plug(self):
        """Carry connections again."""
        self._is_out = False

    def close(self):
        self.pull()
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):  # closed: the tests are over
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        with near, contextlib.suppress(OSError):
            near.recv(262)  # the ways to sign in that are on offer
            near.sendall(b"\x05\x00")  # none is needed
            asked = near.recv(
                262
            )  # ends with the port in two bytes; whatever the host, it goes to this machine
            if self._is_out:
                return
            with socket.create_connection(("127.0.0.1", int.from_bytes(asked[-2:], "big"))) as far:
                near.sendall(b"\x05\x00\x00\x01" + bytes(6))
                self._open += [near, far]
                back = threading.Thread(target=_pump, args=(far, near), daemon=True)
                back.start()
                _pump(near, far)
                back.join()


def _pump(source, sink):
    with contextlib.suppress(OSError):
        while part := source.recv(1 << 16):
            sink.sendall(part)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
