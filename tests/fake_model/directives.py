"""What a prompt can ask of the fake model.

=====================  =====================================================================================
``{{say: TEXT}}``      answers with ``TEXT``
``{{join: A B C}}``    answers with ``ABC``, which stands nowhere in the prompt, so that an echo is no answer
``{{run: COMMAND}}``   calls the client's shell tool, then answers ``tool said: `` and what came of it
``{{fail: 503}}``      answers with that HTTP status
``{{wait: 0.5}}``      waits that many seconds first
=====================  =====================================================================================

Those of the newest user turn that has any count; they can be combined.
"""

import re
from dataclasses import dataclass

from tests.fake_model.conversation import Answer, Call, Conversation, JsonObject, Say, Tool

DIRECTIVE = re.compile(r"\{\{(say|join|run|fail|wait):\s*(.*?)\s*\}\}", re.DOTALL)
DEFAULT_REPLY = "The fake model has nothing to add."
SHELL_TOOLS = ("exec_command", "shell_command", "shell", "Bash", "bash", "run_shell_command", "terminal")
COMMAND_KEYS = ("cmd", "command", "commands", "keystrokes")
SHOWN_RESULT = 400
"""Characters of a tool's result that come back in the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is done about a request."""

    answer: Answer
    status: int = 200
    wait: float = 0.0
    """Seconds."""


def decide(conversation: Conversation, *, reply: str = DEFAULT_REPLY) -> Decision:
    """What the directives of the newest user turn that has some come to; ``reply`` where no turn has any."""
    found = [
        index for index, turn in enumerate(conversation.turns) if turn.role == "user" and DIRECTIVE.search(turn.text)
    ]
    if not found:
        return Decision(answer=Say(text=reply))
    place = found[-1]
    asked = dict(DIRECTIVE.findall(conversation.turns[place].text))
    results = [turn.text for turn in conversation.turns[place + 1 :] if turn.role == "tool"]
    return Decision(
        answer=_answer(asked, results, conversation.tools, reply),
        status=int(asked.get("fail", 200)),
        wait=float(asked.get("wait", 0)),
    )


def _answer(asked: dict[str, str], results: list[str], tools: tuple[Tool, ...], reply: str) -> Answer:
    if "run" in asked and results:
        return Say(text=f"tool said: {results[-1][:SHOWN_RESULT]}")
    if "run" in asked:
        return shell_call(tools, asked["run"]) or Say(text="no shell tool was offered")
    if "join" in asked:
        return Say(text="".join(asked["join"].split()))
    return Say(text=asked.get("say", reply))


def shell_call(tools: tuple[Tool, ...], command: str) -> Call | None:
    """A call of the first shell tool among ``tools``, with every argument that it requires; ``None`` without one."""
    for tool in sorted(tools, key=_rank):
        properties = tool.parameters.get("properties", {})
        key = next((name for name in COMMAND_KEYS if name in properties), None)
        if tool.name in SHELL_TOOLS and key is not None:
            required = {name: _filler(properties.get(name, {})) for name in tool.parameters.get("required", ())}
            is_list = properties[key].get("type") == "array"
            return Call(tool=tool.name, arguments={**required, key: ["sh", "-c", command] if is_list else command})
    return None


def _rank(tool: Tool) -> int:
    return SHELL_TOOLS.index(tool.name) if tool.name in SHELL_TOOLS else len(SHELL_TOOLS)


def _filler(schema: JsonObject) -> object:
    """A value that fits what an argument may be."""
    if choices := schema.get("enum"):
        return choices[0]
    fillers: dict[str, object] = {"boolean": False, "integer": 5000, "number": 5000, "array": [], "object": {}}
    return fillers.get(str(schema.get("type")), "asked for by a test")
