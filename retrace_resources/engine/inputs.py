"""Values a spec asks for: from the environment, or the examples it carries.

Belongs here: which value an input gets, and which of them are secret. Does not: where the variables come from.
"""

from collections.abc import Mapping

from retrace_core.spec import Input, Spec
from retrace_core.spec_file import placeholders
from retrace_core.spec_steps import Fill
from retrace_resources.engine.stopped import Stopped

_SECRET_KINDS = frozenset(("password", "secret", "code"))


def input_values(spec: Spec, variables: Mapping[str, str]) -> dict[str, str]:
    """A value for each input that a step uses; raises Stopped `missing_input` naming the variables to set."""
    used = dict.fromkeys(
        name for step in spec.exact_steps if isinstance(step, Fill) for name in placeholders(step.text)
    )
    values = {name: _value(spec.inputs[name], variables) for name in used}
    missing = [f"{spec.inputs[name].env or name} ({spec.inputs[name].kind})" for name in used if not values[name]]
    if missing:
        raise Stopped("missing_input", f"set {', '.join(missing)}")
    return values


def secret_values(spec: Spec, values: Mapping[str, str]) -> list[str]:
    """The values that must not be left in any artifact; an example, which the spec itself shows, is none."""
    return [
        value
        for name, value in values.items()
        if spec.inputs[name].kind in _SECRET_KINDS and value and value != spec.inputs[name].example
    ]


def _value(wanted: Input, variables: Mapping[str, str]) -> str:
    return variables.get(wanted.env, "") or wanted.example
