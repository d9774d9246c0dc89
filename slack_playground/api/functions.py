"""functions.*: how the app ends a step that a workflow runs; and running one, as a workflow does."""

from slack_playground.api.calls import ApiError, Call, Method
from slack_playground.workspace.manifest import Step
from slack_playground.workspace.records import Json, StepRun
from slack_playground.workspace.workspace import Workspace

_LISTED = ("title", "description", "type")


class CannotRun(ValueError):
    """Workflow Builder would not have let anybody run it so."""


def run_step(workspace: Workspace, callback_id: str, inputs: Json) -> StepRun:
    """Run a step of the app; what comes of it is in the run. Raises CannotRun."""
    step = next((step for step in workspace.manifest.steps if step.callback_id == callback_id), None)
    if step is None or not workspace.manifest.org_ready:
        raise CannotRun(f"Workflow Builder lists no step {callback_id} of this app.")
    if wrong := _misfits(step.inputs, inputs):
        raise CannotRun(wrong)
    run = StepRun(workspace.new_id("Fx"), step.callback_id)
    workspace.step_runs[run.id] = run
    workspace.tell_app("function_executed", _executed(workspace, step, run, inputs))
    return run


def complete_success(call: Call) -> Json:
    """functions.completeSuccess: the outputs must fit what the manifest says of them."""
    run, outputs = _running(call), call.structure("outputs")
    step = next(step for step in call.workspace.manifest.steps if step.callback_id == run.callback_id)
    if not isinstance(outputs, dict) or (wrong := _misfits(step.outputs, outputs)):
        raise ApiError("parameter_validation_failed", response_metadata={"messages": [wrong or "not an object"]})
    run.state, run.outputs = "completed", outputs
    call.workspace.feed.publish({"type": "step", "id": run.id, "state": run.state})
    return {}


def complete_error(call: Call) -> Json:
    """functions.completeError: the sentence is shown in the workflow's activity."""
    run = _running(call)
    run.state, run.error = "failed", call.needed("error")
    call.workspace.feed.publish({"type": "step", "id": run.id, "state": run.state})
    return {}


def _running(call: Call) -> StepRun:
    run = call.workspace.step_runs.get(call.needed("function_execution_id"))
    if run is None:
        raise ApiError("function_execution_not_found")
    if run.state != "running":
        raise ApiError("execution_not_in_running_state")
    return run


def _misfits(parameters: dict[str, Json], given: Json) -> str:
    """What is wrong with what was given for these parameters, "" where all fits."""
    for name in given:
        if name not in parameters:
            return f"There is no parameter {name}."
        if not isinstance(given[name], str):
            return f"{name} is not a {parameters[name]['type']}."
    missing = [name for name, entry in parameters.items() if entry.get("is_required") and not given.get(name)]
    return f"{missing[0]} is required." if missing else ""


def _executed(workspace: Workspace, step: Step, run: StepRun, inputs: Json) -> Json:
    now = workspace.now()
    function = {
        "id": f"Fn{workspace.app.id[1:]}",
        "callback_id": step.callback_id,
        "title": step.title,
        "description": step.description,
        "type": "app",
        "input_parameters": _listed(step.inputs),
        "output_parameters": _listed(step.outputs),
        "app_id": workspace.app.id,
        "date_created": now,
        "date_updated": now,
        "date_deleted": 0,
    }
    return {
        "type": "function_executed",
        "function": function,
        "inputs": inputs,
        "function_execution_id": run.id,
        "workflow_execution_id": workspace.new_id("Wx"),
        "event_ts": workspace.next_ts(),
        "bot_access_token": workspace.secrets.bot_token,
    }


def _listed(parameters: dict[str, Json]) -> list[Json]:
    return [
        {"name": name, "is_required": bool(entry.get("is_required"))}
        | {key: entry[key] for key in _LISTED if key in entry}
        for name, entry in parameters.items()
    ]


METHODS = {
    "functions.completeSuccess": Method(complete_success),
    "functions.completeError": Method(complete_error),
}
