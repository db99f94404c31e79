"""The policy that a first setup writes: one agent, with the shipped prompt and skills."""

import json
from typing import Any

import profiles
from doctor.settings.routes import Route


def first_policy(route: Route) -> bytes:
    """The content of a ``policy.json`` for one route."""
    policy: dict[str, Any] = {
        "version": 2,
        "agent_profiles": [
            {
                "name": route.agent_profile,
                "runner": route.runtime_id,
                "base_prompt": profiles.base_prompt().rstrip("\n"),
                "skills": list(profiles.SKILLS),
                "runner_options": dict(route.options),
            }
        ],
        "agents": [{"name": "agent", "profile": route.agent_profile}],
    }
    return f"{json.dumps(policy, indent=2, ensure_ascii=False)}\n".encode()
