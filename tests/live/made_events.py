"""Event files of made studies, and a server on a folder, for the tests of the live page."""

import contextlib
import http.client
import json
import math
import random
import threading
import time
from dataclasses import dataclass

from heldout.live.server import open_door, serve


def study_event(*, n_rungs=3, n_seeds=2, n_epochs=30, source="patients.csv", target="outcome"):
    return {
        "t": 0.1,
        "kind": "study",
        "source": source,
        "target": target,
        "task": "binary",
        "n_development": 2000,
        "n_test": 500,
        "why_no_test": "",
        "preset": "quick",
        "rungs": list(range(n_rungs)),
        "weights": [40 * 4**rung for rung in range(n_rungs)],
        "n_seeds": n_seeds,
        "n_folds": 1,
        "n_epochs": n_epochs,
        "constant_loss": 0.69,
        "tolerance": 0.014,
        "seconds": 20.0,
    }


def curves_event(rung, seed, *, n_epochs=30, n_rungs=3, strength=None, phase="ladder"):
    """One network whose training loss falls and whose validation loss falls and rises with the rung."""
    drawn = random.Random(1000 * rung + 10 * seed + round(100 * (strength or 0)))
    cap = (rung + 1) / n_rungs * (1 - (strength or 0))
    level = 0.42 + drawn.gauss(0, 0.008)
    train, validation = [], []
    for epoch in range(n_epochs):
        x = epoch / n_epochs
        train.append(round(0.72 * math.exp(-x * (5 + 15 * cap)) + 0.3 * (1 - cap) + 0.01, 4))
        rise = cap * 0.8 * max(0.0, x - 0.1)
        validation.append(round(level + 0.3 * math.exp(-x * 25) + rise + drawn.gauss(0, 0.003), 4))
    remedies = [] if strength is None else [f"dropout {strength:g}"]
    return {
        "t": 1.0,
        "kind": "curves",
        "phase": phase,
        "configuration": " + ".join([f"rung {rung}", *remedies]),
        "rung": rung,
        "weights": 40 * 4**rung,
        "remedies": remedies,
        "seed": seed,
        "fold": 0,
        "share": 1.0,
        "train": train,
        "validation": validation,
    }


def ladder_verdict(n_rungs=3, *, final=True):
    return {
        "t": 3.0,
        "kind": "verdict",
        "about": "ladder",
        "word": "overfits from",
        "code": "HO101",
        "sentence": "Overfits from 160 parameters (rung 1).",
        "rung": 1,
        "final": final,
        "configurations": [f"rung {rung}" for rung in range(n_rungs)],
        "words": ["none of these", *["overtrained"] * (n_rungs - 1)],
    }


def whole_study(**sizes):
    """Every event of a small finished study."""
    about = study_event(**sizes)
    n_epochs, n_rungs = about["n_epochs"], len(about["rungs"])
    yield {"t": 0.0, "kind": "begin"}
    yield {"t": 0.0, "kind": "phase", "phase": "preparing", "done": 0, "total": 0}
    yield about
    total = n_rungs * about["n_seeds"]
    yield {"t": 0.2, "kind": "phase", "phase": "ladder", "done": 0, "total": total}
    for done in range(total):
        rung, seed = divmod(done, about["n_seeds"])
        yield curves_event(rung, seed, n_epochs=n_epochs, n_rungs=n_rungs)
        yield {
            "t": 1.0,
            "kind": "progress",
            "phase": "ladder",
            "done": done + 1,
            "total": total,
            "seconds_left": 2.0,
        }
    yield ladder_verdict(n_rungs, final=False)
    for seed in range(about["n_seeds"]):
        yield curves_event(1, seed, n_epochs=n_epochs, n_rungs=n_rungs, strength=0.5, phase="remedies")
    yield {
        "t": 4.0,
        "kind": "remedy",
        "name": "dropout",
        "configuration": "rung 1 + dropout 0.5",
        "outcome": "helps",
        "outcome_at_end": "helps",
        "change": -0.05,
        "low": -0.08,
        "high": -0.02,
        "sentence": "dropout helps.",
    }
    yield ladder_verdict(n_rungs)
    yield {
        "t": 5.0,
        "kind": "verdict",
        "about": "chosen",
        "word": "good fit",
        "code": "HO110",
        "sentence": "Good fit.",
        "configuration": "rung 1 + dropout 0.5",
        "epoch": 9,
        "why": "It is the simplest.",
        "final": True,
    }
    yield {"t": 6.0, "kind": "end", "how": "finished", "text": ""}


def write_events(folder, events):
    folder.mkdir(exist_ok=True)
    with (folder / "events.jsonl").open("a") as file:
        for event in events:
            file.write(json.dumps(event) + "\n")
    return folder


@contextlib.contextmanager
def serving(folder, *, door=None):
    """The page of a folder on a free port, in a thread; gives the door."""
    door = door or open_door(0)
    servers = []
    thread = threading.Thread(
        target=serve, args=(folder, door), kwargs={"watch": lambda server, _: servers.append(server)}
    )
    thread.start()
    try:
        wait_until(lambda: servers and servers[0].started)
        yield door
    finally:
        servers[0].should_exit = True
        thread.join(10)
        assert not thread.is_alive()


def wait_until(holds, *, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
    return found


@dataclass(frozen=True)
class Answer:
    status: int
    headers: object
    body: bytes


def ask(door, path="", **how):
    """One request and its whole answer."""
    with asking(door, path, **how) as response:
        return Answer(response.status, response.headers, response.read())


@contextlib.contextmanager
def asking(door, path="", *, method="GET", token=None, **headers):
    """One request, with a right Host unless another is given; `path` is below the token."""
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=60)
    connection.putrequest(method, f"/{door.token if token is None else token}/{path}", skip_host=True)
    given = {"Host": f"127.0.0.1:{door.port}"} | {name.replace("_", "-"): v for name, v in headers.items()}
    for name, value in given.items():
        connection.putheader(name, value)
    connection.endheaders()
    with contextlib.closing(connection), connection.getresponse() as response:
        yield response


def read_messages(response, n):
    """The next `n` messages of a stream as (id, name, data); pings are left out."""
    found, message = [], {}
    while len(found) < n:
        line = response.readline().decode().rstrip("\n")
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            message[name] = value
        elif message:
            if "data" in message:
                found.append((message.get("id"), message["event"], json.loads(message["data"])))
            message = {}
    return found
