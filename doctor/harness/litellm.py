"""The LiteLLM gateway."""

from pathlib import Path

from doctor.harness.base import Harness
from doctor.harness.discovery import real_bin_directories


class LiteLLM(Harness):
    """LiteLLM. A gateway to models; where an endpoint for it is configured, nex does the work against it."""

    id = "litellm"
    title = "LiteLLM"
    aliases = ("litellm_proxy",)
    binaries = ("litellm",)
    install = "pip install 'litellm[proxy]'"
    version_timeout = 30.0
    help_args = ()
    options = ("model", "extra_args", "env")
    endpoint_kinds = ("openai",)
    needs_endpoint = True
    carrier = "nex"
    stage_refusal = "litellm only completes prompts and starts no agent; give it an endpoint, and nex works against it"

    def metadata_version(self, path: Path) -> str | None:
        """Read from its installation where it has a virtual environment of its own: asking takes six seconds."""
        for folder in real_bin_directories(path):
            if not (folder.parent / "pyvenv.cfg").is_file():
                continue
            found = sorted(folder.parent.glob("lib/python*/site-packages/litellm-*.dist-info"))
            if len(found) == 1:
                return found[0].name.removeprefix("litellm-").removesuffix(".dist-info")
        return None
