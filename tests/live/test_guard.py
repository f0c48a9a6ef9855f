import socket

import pytest

from live.made_events import ask, serving, whole_study, write_events


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    folder = write_events(tmp_path_factory.mktemp("runs") / "made", whole_study())
    with serving(folder) as door:
        yield door


def test_the_address_that_was_printed_opens_the_page(door):
    answer = ask(door)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"<title>heldout live</title>" in answer.body


def test_localhost_is_this_machine_too(door):
    assert ask(door, Host=f"LocalHost:{door.port}").status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.evil.example", "[::1]:{port}", ""]
)
def test_any_other_host_is_refused(door, host):
    answer = ask(door, Host=host.format(port=door.port))
    assert answer.status == 403
    assert b"127.0.0.1 and localhost alone" in answer.body


def test_two_hosts_or_none_are_refused(door):
    for lines in (
        f"GET /{door.token}/ HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nHost: evil.example\r\n\r\n",
        f"GET /{door.token}/ HTTP/1.0\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", door.port), timeout=5) as line:
            line.sendall(lines.encode())
            assert line.recv(100).split()[1] in (b"400", b"403")


@pytest.mark.parametrize("path", ["", "events", "live.js", "report", "stop"])
@pytest.mark.parametrize("token", ["", "wrong", "wr%C3%B6ng", "..", "%00", "x" * 4000])
def test_nothing_is_given_without_the_token(door, path, token):
    answer = ask(door, path, token=token)
    assert answer.status == 403
    assert b"token" in answer.body


def test_part_of_the_token_is_no_token(door):
    assert ask(door, token=door.token[:-1]).status == 403
    assert ask(door, token=door.token + "x").status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost:{port}"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["", "events"])
def test_other_sites_are_refused(door, headers, path):
    given = {name: value.format(port=door.port) for name, value in headers.items()}
    answer = ask(door, path, **given)
    assert answer.status == 403
    assert b"another site" in answer.body


def test_only_the_page_itself_may_stop(door):
    answer = ask(door, "stop", method="POST")
    assert answer.status == 403
    assert b"only the page itself" in answer.body
    own = ask(door, "stop", method="POST", Origin=f"http://127.0.0.1:{door.port}")
    assert own.status == 409  # let in; nobody runs this study


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_nothing_else_can_be_done(door, method):
    origin = f"http://127.0.0.1:{door.port}"
    for path in ("", "events", "report", "live.js"):
        assert ask(door, path, method=method, Origin=origin).status == 405
    if method != "POST":
        assert ask(door, "stop", method=method, Origin=origin).status == 405
    assert ask(door, "stop").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "../server.py",
        "..%2fserver.py",
        "%2e%2e/server.py",
        "../../../../etc/passwd",
        "live.js%00",
        ".",
        "__init__.py",
    ],
)
def test_no_path_leads_out_of_the_page(door, path):
    answer = ask(door, path)
    assert answer.status in (403, 404)
    assert b"import" not in answer.body


def test_every_answer_carries_the_protecting_headers(door):
    for path in ("", "live.js", "absent", "report"):
        headers = ask(door, path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in headers
        assert "Server" not in headers


def test_huge_headers_and_slow_requests_leave_the_server_alive(door):
    with socket.create_connection(("127.0.0.1", door.port), timeout=5) as line:
        line.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000)
        slow = socket.create_connection(("127.0.0.1", door.port), timeout=5)
        slow.sendall(f"POST /{door.token}/stop HTTP/1.1\r\nContent-Length: 1000000000\r\n".encode())
        assert ask(door).status == 200
        slow.close()


def test_a_body_nobody_asked_for_is_not_read(door):
    origin = f"http://127.0.0.1:{door.port}"
    assert ask(door, "stop", method="POST", Origin=origin, Content_Length="1000000000").status == 409
    assert ask(door).status == 200
