"""The page in a real browser; skipped where Chromium or Playwright is missing."""

import contextlib
import json
import socket
from pathlib import Path

import pytest

from chromium import compare_with_baseline, find_barriers, require_browser, start_browser, walk_by_tab
from heldout.folder import LOCK_FILE
from heldout.live.server import Door
from live.made_events import (
    curves_event,
    ladder_verdict,
    serving,
    study_event,
    wait_until,
    whole_study,
    write_events,
)

require_browser()

# Other tests may run at the same time; the bars themselves are measured on a quiet machine.
SLACK = 4
FIRST_PAINT_MS, UPDATE_MS = 1000 * SLACK, 100 * SLACK
UPDATES = "() => performance.getEntriesByName('heldout-update').map((entry) => entry.duration)"


@pytest.fixture(scope="module")
def browser():
    with start_browser() as chromium:
        yield chromium


@contextlib.contextmanager
def opened(browser, door, *, theme="light", width=1280, hash="", **options):
    """The page, its complaints and its requests; complaints fail the test."""
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, **options)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.requests = []
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(f"http://127.0.0.1:{door.port}/{door.token}/{hash}")
    page.wait_for_function("() => performance.getEntriesByName('heldout-update').length > 0")
    yield page
    context.close()
    assert [fault for fault in faults if "ERR_" not in fault] == []


def settle(page):
    """Waits until the page has drawn: what a key or a click changes is drawn at its next frame, later under load."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = write_events(tmp_path_factory.mktemp("runs") / "made", whole_study())
    (folder / "report.html").write_text("<!doctype html><title>r</title><p>the report")
    with serving(folder) as door:
        yield door


@pytest.fixture
def running(tmp_path):
    """A study that goes on: its folder, and the page's door."""
    folder = tmp_path / "run"
    write_events(folder, [study_event(), curves_event(0, 0)])
    (folder / LOCK_FILE).write_text(json.dumps({"pid": 1, "host": f"not-{socket.gethostname()}"}))
    with serving(folder) as door:
        yield folder, door


def test_a_finished_study_stands_there_whole(browser, finished):
    with opened(browser, finished) as page:
        assert page.inner_text("#state") == "finished"
        assert page.inner_text("#word") == "Overfits from 160 weights"
        assert "dropout 0.5: good fit" in page.inner_text("#chosen")
        assert page.locator(".card").count() == 4
        assert page.locator("#rows tr").count() == 4
        assert "✓ helps" in page.inner_text("#outcomes")
        assert page.locator("#chart canvas").count() == 1
        page.click("#report")
        assert "the report" in page.content()


def test_a_stopped_study_links_to_the_report_of_what_there_is(browser, tmp_path):
    events = [study_event(), curves_event(0, 0), {"t": 9.0, "kind": "end", "how": "stopped", "text": ""}]
    folder = write_events(tmp_path / "run", events)
    with serving(folder) as door, opened(browser, door) as page:
        assert page.inner_text("#state") == "stopped"
        assert not page.is_visible("#report")  # it is being written
        (folder / "report-partial.html").write_text("<!doctype html><title>r</title><p>what there is")
        page.wait_for_selector("#report", state="visible")
        assert page.inner_text("#report") == "Open the report of what there is"
        page.click("#report")
        assert "<p>what there is" in page.content()


def test_nothing_is_asked_of_any_other_place(browser, finished):
    with opened(browser, finished) as page:
        assert page.requests
        assert {url.startswith(f"http://127.0.0.1:{finished.port}/") for url in page.requests} == {True}


def test_too_early_to_say_until_the_rule_has_spoken(browser, running):
    folder, door = running
    with opened(browser, door) as page:
        assert page.inner_text("#word") == "Too early to say"
        assert "waits for all 3 sizes of the ladder with their 2 seeds" in page.inner_text("#why")
        assert not page.is_visible("#chosen")
        write_events(folder, [curves_event(rung, seed) for rung in range(3) for seed in range(2)])
        page.wait_for_function("() => document.querySelectorAll('.card').length === 3")
        assert page.inner_text("#word") == "Too early to say"
        write_events(folder, [ladder_verdict(final=False)])
        page.wait_for_function("() => document.getElementById('word').textContent.startsWith('Overfits')")
        assert "still being checked" in page.inner_text("#stand")
        write_events(folder, [ladder_verdict()])
        page.wait_for_function("() => !document.getElementById('stand').textContent.includes('still')")


def test_a_lost_connection_is_said_and_made_good(browser, tmp_path):
    folder = write_events(tmp_path / "run", [study_event(), curves_event(0, 0)])
    with contextlib.ExitStack() as stack:
        first = listen_again(0, "a-token")
        with serving(folder, door=first):
            page = stack.enter_context(opened(browser, first))
        page.wait_for_function("() => document.getElementById('connection').textContent.includes('lost')")
        assert "not affected" in page.inner_text("#connection")
        assert page.locator(".card").count() == 1  # what was shown stays
        write_events(folder, [curves_event(1, 0), curves_event(2, 0)])
        with serving(folder, door=listen_again(first.port, "a-token")):
            page.wait_for_function("() => document.querySelectorAll('.card').length === 3")
            assert page.locator("#rows tr").count() == 3
            seeds = page.locator("#rows td:nth-child(3)").all_inner_texts()
            assert seeds == ["1", "1", "1"]  # nothing twice


def listen_again(port, token):
    """A door on a port that was just in use."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return Door(listener, listener.getsockname()[1], token)


def test_markup_in_names_is_text(browser, tmp_path):
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    member = curves_event(0, 0, strength=0.5, phase="remedies") | {"configuration": evil, "remedies": [evil]}
    events = [
        study_event(source=evil, target=evil),
        curves_event(0, 0) | {"phase": evil, "configuration": evil},
        member,
        {"t": 1, "kind": "note", "text": evil},
        {"t": 1, "kind": "phase", "phase": evil, "total": 3},
        ladder_verdict() | {"sentence": evil, "word": evil, "code": evil, "words": [evil] * 3},
        {"t": 2, "kind": "remedy", "name": evil, "configuration": evil, "outcome": evil, "change": 0.1}
        | {"low": 0.0, "high": 0.2, "sentence": evil},
        {"t": 2, "kind": "verdict", "about": "chosen", "word": evil, "code": evil, "sentence": evil}
        | {"configuration": evil, "why": evil},
        {"t": 3, "kind": "end", "how": "failed", "text": evil},
    ]
    folder = write_events(tmp_path / "run", events)
    with serving(folder) as door, opened(browser, door) as page:
        page.on("dialog", lambda dialog: pytest.fail("a script of the data ran"))
        assert page.locator("body img, body script").count() == 0
        assert evil in page.inner_text("h1")
        assert evil in page.inner_text("#groups")
        assert evil in page.inner_text("#phase")
        page.click("summary:has(#log-title)")
        settle(page)
        assert evil in page.inner_text("#notes")


def test_events_without_their_fields_break_nothing(browser, tmp_path):
    kinds = ("begin", "phase", "progress", "note", "curves", "remedy", "verdict", "end")
    events = [{"t": 0, "kind": kind} for kind in kinds]
    folder = write_events(tmp_path / "run", [*events, *whole_study()])
    with serving(folder) as door, opened(browser, door) as page:
        assert page.inner_text("#word") == "Overfits from 160 weights"


def test_a_study_without_curves_says_so(browser, tmp_path):
    events = [event for event in whole_study() if event["kind"] not in ("curves", "study", "verdict")]
    folder = write_events(tmp_path / "run", events)
    with (folder / "events.jsonl").open("a") as file:
        file.write('torn {"t"\n{"t": 1.0, "kind": "of a newer version"}\n')
    with serving(folder) as door, opened(browser, door) as page:
        assert "holds no curves" in page.inner_text("#finding")
        assert "2 lines of the file that cannot be read" in page.inner_text("summary:has(#log-title)")


def test_the_keyboard_alone_is_enough(browser, finished):
    with opened(browser, finished) as page:
        reached, is_through = walk_by_tab(page)
        assert is_through  # no trap: the end was reached
        assert [item for item in reached if not (item["seen"] and item["outline"])] == []
        names = [item["id"] or item["name"] for item in reached]
        for wanted in ("report", "follow", "log", "chart", "card", "wide", "play", "time"):
            assert wanted in names
        page.focus(".strip .card[tabindex='0']")
        page.keyboard.press("Home")
        page.wait_for_function("() => document.getElementById('focus-title').textContent === '40 weights'")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.getElementById('focus-title').textContent === '160 weights'")
        assert page.evaluate("() => document.activeElement.getAttribute('aria-pressed')") == "true"
        assert page.url.endswith("#show=rung%201")
        page.focus("#chart")
        page.keyboard.press("Home")
        page.wait_for_function(
            "() => document.getElementById('readout').textContent.startsWith('Epoch 1: training')"
        )
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "() => document.getElementById('readout').textContent.startsWith('Epoch 2: training')"
        )


def test_a_loss_beyond_its_small_picture_leaves_it_and_is_no_flat_line(browser, tmp_path):
    """Only the axes' limit is shared: one network that goes astray must not flatten all others."""
    astray = curves_event(1, 0) | {"validation": [0.5, *(2.0 + 0.1 * epoch for epoch in range(29))]}
    folder = write_events(tmp_path / "run", [study_event(), curves_event(0, 0), astray])
    with serving(folder) as door, opened(browser, door) as page:
        line = page.locator(".card svg").nth(1).locator("path.validation.mean").get_attribute("d")
        heights = [float(point.split()[1]) for point in line.replace("M", "L").split("L")[1:]]
        assert max(heights[1:]) < 0  # above the picture
        assert len(set(heights[1:8])) == 7


def test_a_link_leads_to_one_setting(browser, finished):
    with opened(browser, finished, hash="#show=rung%202") as page:
        assert page.inner_text("#focus-title") == "640 weights"


def test_the_table_sorts_by_any_column(browser, finished):
    with opened(browser, finished) as page:
        page.click("#columns button:has-text('best epoch')")
        settle(page)
        epochs = [int(text) for text in page.locator("#rows td:nth-child(4)").all_inner_texts()]
        assert epochs == sorted(epochs)
        page.click("#columns button:has-text('best epoch')")
        settle(page)
        assert page.locator("#rows td:nth-child(4)").all_inner_texts() == [str(e) for e in epochs[::-1]]
        assert page.locator("th[aria-sort=descending]").count() == 1


def test_the_replay_shows_the_study_again_from_its_start(browser, finished):
    with opened(browser, finished) as page:
        page.evaluate(
            "() => { const t = document.getElementById('time'); t.value = 300; t.dispatchEvent(new Event('input')); }"
        )
        page.wait_for_function("() => document.getElementById('word').textContent === 'Too early to say'")
        assert page.locator(".card").count() < 4
        page.evaluate(
            "() => { const t = document.getElementById('time'); t.value = 1000; t.dispatchEvent(new Event('input')); }"
        )
        page.wait_for_function("() => document.getElementById('word').textContent.startsWith('Overfits')")
        assert page.locator(".card").count() == 4


@pytest.fixture
def stoppable(tmp_path, monkeypatch):
    """A study that seems to run on this machine: its folder, who was asked to stop, and the page's door."""
    asked = []
    monkeypatch.setattr("heldout.live.server.ask_to_stop", lambda place: asked.append(place) or True)
    monkeypatch.setattr(
        "heldout.live.server.describe_state",
        lambda place: {"state": "running", "host": "", "folder": "run", "report": False},
    )
    folder = write_events(tmp_path / "run", [study_event(), curves_event(0, 0)])
    with serving(folder) as door:
        yield folder, asked, door


def test_stop_asks_first_and_then_the_server(browser, stoppable):
    folder, asked, door = stoppable
    with opened(browser, door) as page:
        page.click("#stop")
        page.click("#keep")
        assert asked == []
        page.click("#stop")
        page.click("#confirm")
        wait_until(lambda: asked == [folder])


def test_the_study_is_stopped_by_keyboard_alone(browser, stoppable):
    folder, asked, door = stoppable
    with opened(browser, door) as page:
        page.focus("#stop")
        page.keyboard.press("Enter")
        assert page.evaluate("() => document.activeElement.id") == "keep"  # the harmless answer comes first
        page.keyboard.press("Escape")
        assert page.evaluate("() => document.activeElement.id") == "stop"
        assert asked == []
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        wait_until(lambda: asked == [folder])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_written_on_the_canvas_can_be_read(browser, finished, theme):
    with opened(browser, finished, theme=theme) as page:
        darkest, lightest = page.evaluate(READ_AXIS)
        paper = 1.0 if theme == "light" else 0.0
        far = darkest if theme == "light" else lightest
        high, low = max(far, paper), min(far, paper)
        assert (high + 0.05) / (low + 0.05) >= 4.5  # contrast of WCAG AA


READ_AXIS = """() => {
  const canvas = document.querySelector('#chart canvas'), ratio = devicePixelRatio;
  const axis = canvas.getContext('2d').getImageData(24 * ratio, 0, 40 * ratio, canvas.height).data;
  const linear = (part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  let darkest = 1, lightest = 0;
  for (let at = 0; at < axis.length; at += 4) {
    if (axis[at + 3] < 230) continue;
    const [r, g, b] = [0, 1, 2].map((part) => linear(axis[at + part] / 255));
    const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    darkest = Math.min(darkest, light);
    lightest = Math.max(lightest, light);
  }
  return [darkest, lightest];
}"""


def test_a_change_of_theme_recolours_the_canvas(browser, finished):
    with opened(browser, finished) as page:
        before = page.evaluate(READ_AXIS)
        page.emulate_media(color_scheme="dark")
        settle(page)
        page.wait_for_timeout(300)
        assert page.evaluate(READ_AXIS)[1] > before[1]


def test_nothing_moves_where_motion_is_not_wanted(browser, running):
    _, door = running
    with opened(browser, door, reduced_motion="reduce") as page:
        assert page.evaluate("() => document.getAnimations().length") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barrier_is_found(browser, finished, theme):
    with opened(browser, finished, theme=theme, bypass_csp=True) as page:
        page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert find_barriers(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barrier_is_found_while_it_runs_and_asks_whether_to_stop(browser, stoppable, theme):
    _, _, door = stoppable
    with opened(browser, door, theme=theme, bypass_csp=True) as page:
        assert find_barriers(page) == []
        page.click("#stop")
        assert find_barriers(page) == []


@pytest.mark.parametrize("name", ["finished", "running"])
def test_nothing_is_wider_than_a_telephone(browser, request, name):
    made = request.getfixturevalue(name)
    with opened(browser, made if name == "finished" else made[1], width=375) as page:
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 375


BASELINES = Path(__file__).parent / "baselines"
PARTS = {
    "head": "header",
    "verdicts": ".verdicts",
    "losses": ".pair",
    "settings": "#strips",
    "remedies": "#remedies",
    "numbers": "section:has(#numbers-title)",
    "replay": "#replay",
}
IN_THE_DARK = ("verdicts", "losses", "settings")


@pytest.fixture(scope="module")
def looks(browser, finished):
    """The page of the finished study in both themes, all its pictures drawn."""
    with contextlib.ExitStack() as stack:
        pages = {
            theme: stack.enter_context(opened(browser, finished, theme=theme, reduced_motion="reduce"))
            for theme in ("light", "dark")
        }
        for page in pages.values():
            page.wait_for_timeout(300)
        yield pages


@pytest.mark.parametrize(
    ("part", "theme"), [*((part, "light") for part in PARTS), *((part, "dark") for part in IN_THE_DARK)]
)
def test_a_part_looks_as_it_did(looks, part, theme):
    page = looks[theme]
    compare_with_baseline(page, page.locator(PARTS[part]), BASELINES / f"{part}-{theme}.png")


def test_three_hundred_networks_stay_smooth(browser, tmp_path):
    sizes = {"n_epochs": 200, "n_rungs": 12}
    members = [curves_event(rung, seed, **sizes) for rung in range(12) for seed in range(5)]
    members += [
        curves_event(6, seed, **sizes, strength=strength / 100, phase="remedies")
        for strength in range(48)
        for seed in range(5)
    ]
    assert len(members) == 300
    folder = write_events(
        tmp_path / "run", [study_event(n_rungs=12, n_seeds=5, n_epochs=200), *members[:-10]]
    )
    with serving(folder) as door, opened(browser, door) as page:
        first = page.evaluate("() => performance.getEntriesByName('heldout-update')[0]")
        assert page.locator(".card").count() == 58
        for member in members[-10:]:
            shown = len(page.evaluate(UPDATES))
            write_events(folder, [member])
            page.wait_for_function(f"() => performance.getEntriesByName('heldout-update').length > {shown}")
        updates = page.evaluate(UPDATES)[1:]
    ready = first["startTime"] + first["duration"]
    print(f"all curves painted after {ready:.0f} ms, updates {[round(value) for value in updates]} ms")
    assert ready <= FIRST_PAINT_MS
    assert sorted(updates)[len(updates) // 2] <= UPDATE_MS
