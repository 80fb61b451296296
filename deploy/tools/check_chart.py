"""Renders the chart, holds every object against the Kubernetes schemas, and plants mistakes that must be found.

Usage: check_chart.py CHART VALUES... [--help-of BINARY=FILE ...]
Each FILE holds what `BINARY --help` prints; every HOOKWHEEL_* variable that a pod sets must be named there.
"""

import copy
import pathlib
import re
import sys

import kubernetes_validate
import yaml
from helm_python import Chart, lint

KUBERNETES = ["1.36", "1.37"]
# Read by the runtime of every process before its options.
EVERY_PROCESS = {"HOOKWHEEL_LOG"}


def render(chart, values):
    """Every object of the chart, by the template that made it."""
    objects = []
    for template, text in chart.render(values, name="hw", namespace="hookwheel").items():
        if not template.endswith("NOTES.txt"):
            objects += [(template, o) for o in yaml.safe_load_all(text) if o]
    return objects


def mistakes(template, obj):
    found = []
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(obj, version, strict=True)
        except kubernetes_validate.ValidationError as why:
            found.append(f"{template} against {version}: {why.message}")
    return found + (pod_mistakes(template, obj) if pod(obj) else [])


def pod(obj):
    return obj.get("spec", {}).get("template", {}).get("spec") if obj["kind"] in ("Deployment", "Job") else None


def containers(obj):
    spec = pod(obj)
    return spec.get("initContainers", []) + spec["containers"]


def pod_mistakes(template, obj):
    """What the restricted profile and a graceful stop ask for and no schema says."""
    spec, found = pod(obj), []
    name = f"{template} {obj['metadata']['name']}"
    if not spec["securityContext"].get("runAsNonRoot"):
        found.append(f"{name}: may run as root")
    if spec.get("automountServiceAccountToken") is not False:
        found.append(f"{name}: mounts a service account token")
    for c in containers(obj):
        context = c.get("securityContext", {})
        if context.get("allowPrivilegeEscalation") is not False or not context.get("readOnlyRootFilesystem"):
            found.append(f"{name}/{c['name']}: not restricted")
        if context.get("capabilities", {}).get("drop") != ["ALL"]:
            found.append(f"{name}/{c['name']}: keeps capabilities")
        if "memory" not in c.get("resources", {}).get("limits", {}):
            found.append(f"{name}/{c['name']}: no memory limit")
        if obj["kind"] == "Deployment" and not {"livenessProbe", "readinessProbe"} <= set(c):
            found.append(f"{name}/{c['name']}: no probes")
    return found


def unknown_variables(objects, helps):
    """Variables a pod sets that its program does not read."""
    found = []
    for template, obj in objects:
        for c in containers(obj) if pod(obj) else []:
            text = helps.get(" ".join(c["command"][:2])) or helps.get(c["command"][0])
            if text is None:
                found.append(f"{template}: no help text of {c['command']}")
                continue
            known = set(re.findall(r"\b(?:HOOKWHEEL|OTEL)_[A-Z0-9_]+", text)) | EVERY_PROCESS
            names = {e["name"] for e in c["env"] if e["name"].startswith("HOOKWHEEL_")}
            found += [f"{template} {c['name']}: {n} is not an option of {c['command']}" for n in sorted(names - known)]
    return found


def plant(objects, values, chart):
    """Mistakes that must be found, each in a copy."""
    deployment = next((t, o) for t, o in objects if o["kind"] == "Deployment")

    def broken(change):
        obj = copy.deepcopy(deployment[1])
        change(obj)
        return mistakes(deployment[0], obj)

    cases = {
        "an unknown field": lambda o: o["spec"].update(replica=2),
        "a field in the wrong place": lambda o: o["spec"]["template"]["spec"].update(livenessProbe={}),
        "a number as text": lambda o: o["spec"].update(revisionHistoryLimit="five"),
        "a container that may be root": lambda o: pod(o)["securityContext"].update(runAsNonRoot=False),
        "a container without probes": lambda o: pod(o)["containers"][0].pop("readinessProbe"),
    }
    missed = [name for name, change in cases.items() if not broken(change)]
    for name, bad in {
        "an unknown value": {"ingres": {}},
        "two replicas of a stream": {"nats": {"replicas": 2}},
        "a value of the wrong type": {"ingress": {"replicas": "three"}},
    }.items():
        try:
            chart.validate_schema({**values, **bad})
            missed.append(name)
        except Exception:  # any refusal by the schema will do
            pass
    planted = unknown_variables(
        [(deployment[0], deployment[1] | {"spec": plant_variable(deployment[1]["spec"])})],
        {deployment[1]["spec"]["template"]["spec"]["containers"][0]["command"][0]: ""},
    )
    return missed + ([] if planted else ["a variable nobody reads"])


def plant_variable(spec):
    spec = copy.deepcopy(spec)
    spec["template"]["spec"]["containers"][0]["env"].append({"name": "HOOKWHEEL_NOBODY_READS_THIS", "value": "1"})
    return spec


def main(arguments):
    helps = {}
    for option in [a for a in arguments if a.startswith("--help-of=")]:
        binary, path = option.removeprefix("--help-of=").split("=", 1)
        helps[binary] = pathlib.Path(path).read_text()
    folder, *files = [a for a in arguments if not a.startswith("--")]
    chart, found, count = Chart.load(folder), [], 0
    for file in [None, *files]:
        values = yaml.safe_load(pathlib.Path(file).read_text()) if file else {}
        objects = render(chart, values)
        count += len(objects)
        found += [m for template, obj in objects for m in mistakes(template, obj)]
        if helps:
            found += unknown_variables(objects, helps)
        report = lint(folder, values, strict=True)
        found += [m["error"] for m in report["messages"] if m["severity"] >= 2] + report["errors"]
    found += [f"the check did not notice {name}" for name in plant(render(chart, {}), {}, chart)]
    for mistake in found:
        print(mistake, file=sys.stderr)
    if not found:
        print(f"chart: {count} objects are sound for Kubernetes {' and '.join(KUBERNETES)}, planted mistakes are found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
