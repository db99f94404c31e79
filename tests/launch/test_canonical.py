"""The id of a spec."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from doctor.model.canonical import content_id, launch_directory

HEAD = "/home/me/project/.metawsm/launches"
IDENTITIES = ("1" * 64, "2" * 64)
DIRECTORY = "{directory}"
"""In these documents, where the spec's own directory goes."""

PIECES = st.sampled_from(
    [
        DIRECTORY,
        f"{DIRECTORY}/prompt.md",
        "{launch}",
        "{launch}/prompt.md",
        "around",
        '{"around":["",""]}',
        "/",
        " ",
        "é",
        "\ud800",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=4).map("".join)
DOCUMENTS = st.fixed_dictionaries(
    {
        "argv": st.lists(TEXTS, max_size=4),
        "env": st.dictionaries(
            st.text("AB", min_size=1),
            TEXTS | st.fixed_dictionaries({"secret": TEXTS}),
            max_size=3,
        ),
        "notes": st.lists(st.text(), max_size=2),
        "typed": st.none() | TEXTS,
        "text": TEXTS,
    }
)


def document(content: dict[str, Any], identity: str, head: str = HEAD) -> dict[str, Any]:
    """The document of a spec with this content, in the directory of ``identity``."""

    def put(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(DIRECTORY, f"{head}/{identity}")
        if isinstance(value, dict):
            return {name: put(each) for name, each in value.items()}
        return [put(each) for each in value] if isinstance(value, list) else value

    prompt = {"path": f"{head}/{identity}/prompt.md", "typed": put(content["typed"]), "text": put(content["text"])}
    return {
        "id": identity,
        "argv": put(content["argv"]),
        "env": put(content["env"]),
        "notes": content["notes"],
        "prompt": prompt,
    }


@given(DOCUMENTS)
def test_the_directory_makes_no_difference(content: dict[str, Any]) -> None:
    ids = {content_id(document(content, each)) for each in IDENTITIES}
    ids.add(content_id(document(content, IDENTITIES[0], "/elsewhere")))

    assert len(ids) == 1


@given(DOCUMENTS, DOCUMENTS)
def test_different_contents_have_different_ids(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = document(one, IDENTITIES[0]) == document(other, IDENTITIES[0])

    assert (content_id(document(one, IDENTITIES[0])) == content_id(document(other, IDENTITIES[0]))) is same


@given(DOCUMENTS)
def test_an_id_outlives_being_written_and_read(content: dict[str, Any]) -> None:
    whole = document(content, IDENTITIES[0])

    assert content_id(json.loads(json.dumps(whole))) == content_id(whole)


def test_the_directory_counts_only_where_it_can_stand() -> None:
    content: dict[str, Any] = {"argv": [], "env": {}, "notes": [], "typed": None, "text": ""}
    ids = [content_id({**document(content, each), "cwd": f"{HEAD}/{each}"}) for each in IDENTITIES]

    assert ids[0] != ids[1]


def test_a_text_that_names_the_directory_is_not_the_same_as_one_that_imitates_it() -> None:
    content: dict[str, Any] = {"argv": [], "env": {}, "notes": [], "typed": None, "text": ""}
    spellings = [DIRECTORY, "{launch}", '{"around": ["", ""]}', '["", ""]', ""]

    assert len({content_id(document({**content, "argv": [each]}, IDENTITIES[0])) for each in spellings}) == 5


def test_a_document_without_a_directory_of_its_own_has_none() -> None:
    assert launch_directory({}) is None
    assert launch_directory({"id": "a", "prompt": None}) is None
    assert launch_directory({"id": "", "prompt": {"path": "//prompt.md"}}) is None
    assert launch_directory({"id": "a", "prompt": {"path": "/b/prompt.md"}}) is None
    assert launch_directory({"id": "a", "prompt": {"path": "/x/a/b/a/prompt.md"}}) == "/x/a/b/a"
