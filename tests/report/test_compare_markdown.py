from doctor.model.comparison import Change, Comparison, SideRef, Verdict
from doctor.report.compare_markdown import LONGEST, escaped, render
from doctor.report.compare_table import render as table

BASE, HEAD = SideRef(name="main", kind="revision", commit="0123456789abcdef" * 2), SideRef(name="x", kind="worktree")


def change(**values: object) -> Change:
    given: dict[str, object] = {
        "subject": "agent bob",
        "field": "model",
        "group": "model",
        "before": "a",
        "after": "b",
        "verdict": Verdict.DIFFERENT,
        "reason": "another model",
        "identity": ("a", "b"),
    }
    return Change(**{**given, **values})  # type: ignore[arg-type]


def test_a_comment_is_never_longer_than_one_may_be() -> None:
    texts = {"before": "old words\n" * 3000, "after": "new words\n" * 3000, "text": True}
    changes = tuple(change(subject=f"agent {number}", **texts) for number in range(400))
    text = render(Comparison(base=BASE, head=HEAD, changes=changes))
    assert len(text) <= LONGEST
    assert "left out" in text


def test_markup_of_others_is_shown_and_not_followed() -> None:
    assert escaped("a|b") == "a\\|b"
    assert escaped("MY_NAME _emphasis_") == "MY_NAME \\_emphasis\\_"
    assert escaped("<script>") == "&lt;script\\>"
    assert escaped("[x](y)") == "\\[x\\](y)"
    assert "@ann" not in escaped("@ann")
    assert "https://x" not in escaped("https://x")


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    text = render(Comparison(base=BASE, head=HEAD, changes=(change(before="x", after="````` x", text=True),)))
    assert "``````text" in text


def test_what_is_denied_comes_first() -> None:
    changes = (change(subject="agent loose", verdict=Verdict.LOOSER), change(subject="agent denied", denied=True))
    text = table(Comparison(base=BASE, head=HEAD, changes=changes))
    assert text.index("agent denied") < text.index("agent loose")


def test_nothing_that_changes_is_said_in_one_line() -> None:
    assert table(Comparison(base=BASE, head=HEAD)) == ("main (0123456789ab) → x\nequal: nothing changes in meaning\n")
