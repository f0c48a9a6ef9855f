"""The page of the demo that goes through a whole study, one section a phase."""

from __future__ import annotations

from heldout.counts import count_things
from heldout.demos.drawing import BLUE, GREY, ORANGE, Axes, Line, Panel, draw_lines
from heldout.demos.everything_record import EverythingRecord
from heldout.demos.frame import DemoPage, DemoSection, DemoTable
from heldout.demos.studies import draw_studies, show_score, tell_score
from heldout.report.marks import Caption
from heldout.report.sentences import format_interval, format_number, format_seconds
from heldout.report.svg import Chart

HIGHEST = 2.0  # upper end of the loss axis, in constant guesses
SOURCE = (
    "Heart disease: Cleveland clinic, R. Detrano et al. 1989, UCI Machine Learning Repository (CC BY 4.0); see "
    "src/heldout/demos/data/README."
)


def show_everything(record: EverythingRecord) -> DemoPage:
    """Lay out the page.

    Args:
        record: the numbers.
    """
    study, look = record.study, record.look
    warned = sum(item.severity != "info" for item in record.findings)
    fired = sum(state == "fired" for _, _, state, _ in record.gates)
    helped = ", ".join(name.replace("_", " ") for name, outcome, _ in study.remedies if outcome == "helps")
    return DemoPage(
        title="Everything in a row: from a table to the sealed test",
        answer=tuple(
            line[:110]
            for line in (
                f"look     {look.n_rows} rows, {look.n_columns} columns; {look.bullets[0]}",
                f"split    {record.split[1]} rows to fit and validate in {record.split[3]} folds, "
                f"{record.split[2]} sealed",
                f"audit    {count_things(warned, 'warning')}, {record.n_passed} checks that found nothing",
                f"recipe   {len(record.columns)} columns read, each with its reason",
                f"ladder   {len(record.rungs)} sizes: {study.ladder_sentence.partition(' (')[0]}",
                f"remedies {len(study.remedies)} tried; shown to help: {helped or 'none'}",
                f"choice   {study.delivered}, epoch {study.epoch}",
                f"checks   {len(record.gates)} before the verdict, {fired} fired",
                f"verdict  {study.headline} [{study.code}]",
                f"test     {show_score(study.test)} on {record.split[2]} rows opened once",
                "bundle   answers raw rows: "
                + ", ".join(f"{row.answer} ({row.share:.2f})" for row in record.sent.rows),
                f"cost     {study.n_networks} networks, "
                f"{format_seconds(sum(seconds for _, seconds in record.seconds))}",
            )
        ),
        sections=(
            _show_look(record),
            _show_split(record),
            _show_audit(record),
            _show_recipe(record),
            _show_ladder(record),
            _show_remedies(record),
            _show_choice(record),
            _show_checks(record),
            _show_test(record),
            _show_bundle(record),
            _show_cost(record),
        ),
        sources=(SOURCE,),
    )


def _show_look(record: EverythingRecord) -> DemoSection:
    look = record.look
    counts = ", ".join(f"{rows} {name}" for name, rows in look.counts)
    return DemoSection(
        "1. Look: what are these data?",
        (
            f"{look.n_rows} patients with {look.n_columns} columns; is a coronary artery narrowed by more than half? "
            f"{counts}. Before anything is computed, the questions that one asks of any data:",
        ),
        tables=(
            DemoTable("The questions", ("answer",), tuple((line,) for line in look.bullets)),
            DemoTable("How the file was read", ("note",), tuple((line,) for line in look.notes)),
        ),
    )


def _show_split(record: EverythingRecord) -> DemoSection:
    return DemoSection(
        "2. Split: which rows may nobody look at?",
        (
            f"{record.split[0]}.",
            "This comes before the audit, because whoever has seen the sealed rows has used them. Few rows are "
            "divided several times, so that each of them is validated once.",
        ),
    )


def _show_audit(record: EverythingRecord) -> DemoSection:
    rows = tuple((item.code, item.severity, item.column, item.sentence) for item in record.findings)
    return DemoSection(
        "3. Audit: what is wrong with them?",
        (
            "Columns that give the answer away, copies, codes for missing, groups that are cut, labels that "
            f"contradict each other. {record.n_passed} checks found nothing. The rest:",
        ),
        tables=(DemoTable("Findings", ("code", "severity", "column", "what was found"), rows),),
    )


def _show_recipe(record: EverythingRecord) -> DemoSection:
    return DemoSection(
        "4. Recipe: what does the network see?",
        (
            "Each column is decided once, with its reason, and the decision is a file that anyone can read and "
            "change. Its numbers (centre, spread, categories) are fitted on fit rows alone, anew in each fold.",
            f"One cell's way: {record.explained}",
        ),
        tables=(DemoTable("Columns", ("column", "read as", "why", "what the network sees"), record.columns),),
    )


def _show_ladder(record: EverythingRecord) -> DemoSection:
    rows = tuple(
        (
            item.name,
            f"{item.n_parameters:,}",
            format_number(float(item.training.mean())),
            f"{format_number(float(item.best.mean()))} at epoch {item.best_epoch}",
            f"{format_number(float(item.last.mean()))} at epoch {item.n_epochs}",
        )
        for item in record.rungs
    )
    columns = (
        "size",
        "parameters",
        "training loss at the end",
        "lowest validation loss",
        "at the last epoch",
    )
    return DemoSection(
        "5. Ladder: from which size on is it too much?",
        (
            "Start with no hidden layer and grow, until a network overfits: only then is it known that the smaller "
            "ones were not too small.",
            record.study.ladder_sentence,
        ),
        tables=(DemoTable("Sizes", columns, rows),),
        charts=(_draw_ladder(record),),
    )


def _draw_ladder(record: EverythingRecord) -> Chart:
    constant = record.study.constant_loss
    sizes = [item.n_parameters for item in record.rungs]
    lowest = min(record.rungs, key=lambda item: float(item.best.mean()))
    caption = Caption(
        "ladder",
        "Loss by size of the network",
        f"The lowest validation loss, {format_number(float(lowest.best.mean()) / constant)} constant guesses, is that "
        f"of {lowest.n_parameters:,} parameters.",
        "Means over seeds as shares of the loss of a constant guess, with their span. Blue: training loss at the last "
        "epoch; orange: validation loss at the best epoch; grey, dashed: validation loss at the last epoch.",
    )

    def stack(name: str) -> list[list[float]]:
        values = [(getattr(item, name) / constant).tolist() for item in record.rungs]
        n_seeds = min(map(len, values))
        return [[own[seed] for own in values] for seed in range(n_seeds)]

    panel = Panel(
        "",
        (
            Line("training", sizes, stack("training"), BLUE, shows_seeds=False),
            Line("validation, best epoch", sizes, stack("best"), ORANGE, shows_seeds=False),
            Line("validation, last epoch", sizes, stack("last"), GREY, (6, 3), shows_seeds=False),
        ),
        levels=((1.0, "constant guess"),),
    )
    axes = Axes("parameters", "loss (constant guesses)", y_domain=(0.0, HIGHEST), has_log_x=True)
    return draw_lines(caption, panel, axes)


def _show_remedies(record: EverythingRecord) -> DemoSection:
    rows = tuple(
        (name.replace("_", " "), outcome, sentence) for name, outcome, sentence in record.study.remedies
    )
    return DemoSection(
        "6. Remedies: what helps against it?",
        (
            "One at a time, against the plain network with the same rows, first weights and seeds. Under five seeds "
            f"none may be said to help; here there are {len(record.rungs[0].best)}.",
        ),
        tables=(DemoTable("Remedies", ("remedy", "outcome, stopped early", "in words"), rows),),
    )


def _show_choice(record: EverythingRecord) -> DemoSection:
    rows = tuple(
        (
            name + (" (delivered)" if chosen else ""),
            f"{size:,}",
            format_number(loss),
            format_interval(low, high),
        )
        for name, size, loss, low, high, chosen in record.candidates
    )
    estimate, low, high = record.corrected
    return DemoSection(
        "7. Choice: which one is delivered?",
        (
            record.choice,
            f"Whoever takes the best of many has been lucky too. The validation loss of the delivered one is "
            f"{format_number(record.naive)}; the loss of choosing as a whole, done over and over on drawn rows, "
            f"{format_number(estimate)} ({format_interval(low, high)}).",
        ),
        tables=(DemoTable("Leaderboard", ("configuration", "parameters", "loss", "95 % interval"), rows),),
        charts=(draw_studies((record.study,)),),
    )


def _show_checks(record: EverythingRecord) -> DemoSection:
    return DemoSection(
        "8. Verdict: good fit, too small, too large, or a bug?",
        (
            "Losses can look like overfitting, or like skill, for reasons that have nothing to do with either. So "
            "the checks come first:",
        ),
        tables=(
            DemoTable("Checks before the verdict", ("code", "check", "state", "in words"), record.gates),
            DemoTable(
                "Findings that needed trained networks",
                ("code", "severity", "column", "what was found"),
                tuple((item.code, item.severity, item.column, item.sentence) for item in record.later),
            ),
        ),
        after=(f"{record.study.headline} [{record.study.code}]. {record.study.sentence}",),
    )


def _show_test(record: EverythingRecord) -> DemoSection:
    rows = tuple(
        (item.metric, format_number(item.value), format_interval(item.low, item.high), str(item.n_rows))
        for item in record.test_scores
    )
    return DemoSection(
        "9. The sealed test: what is it worth?",
        (
            "Everything is decided: size, remedy, epoch, metric. Now the sealed rows are opened, once, and it is "
            "written down that they were.",
            f"On rows predicted out of fold it was {tell_score(record.study.development)}; sealed: "
            f"{tell_score(record.study.test)}.",
            *((record.whom,) if record.whom else ()),
        ),
        tables=(
            DemoTable("Scores on the sealed rows", ("metric", "value", "95 % interval", "rows"), rows),
            DemoTable(
                "Simple predictors on the same rows",
                ("comparison",),
                tuple((line,) for line in record.baselines),
            ),
        ),
    )


def _show_bundle(record: EverythingRecord) -> DemoSection:
    sent = record.sent
    cells = tuple((name, *(row.cells[place] for row in sent.rows)) for place, name in enumerate(sent.names))
    rows = (
        *cells,
        ("answer", *(row.answer for row in sent.rows)),
        ("its probability", *(f"{row.share:.3f}" for row in sent.rows)),
        ("noticed", *(", ".join(row.flags) or "nothing" for row in sent.rows)),
    )
    notes = tuple(sent.notes)
    return DemoSection(
        "10. Bundle: does it answer raw rows?",
        (
            f"The first {len(sent.rows)} rows of the file as a colleague might send them: columns in another order, "
            "commas instead of semicolons, the diagnosis left out, one cell a question mark. The bundle carries the "
            "recipe, so that raw cells are all it needs. (Rows of the study itself, so that this is no test of the "
            "answers.)",
        ),
        tables=(
            DemoTable("Sent and answered", ("", *(f"row {n + 1}" for n in range(len(sent.rows)))), rows),
        ),
        after=notes,
    )


def _show_cost(record: EverythingRecord) -> DemoSection:
    rows = tuple((phase, format_seconds(seconds)) for phase, seconds in record.seconds)
    return DemoSection(
        "11. What did it cost?",
        (f"{record.study.n_networks} networks were trained.",),
        tables=(DemoTable("Phases", ("phase", "time"), rows),),
    )
