# SPDX-License-Identifier: MIT
"""print.py FOLDER: what the YAML of `post365 print` names, is it there?

Prints a line for each thing that is not.
"""
import sys

import yaml


def load(name):
    with open(sys.argv[1] + "/" + name, encoding="utf-8") as f:
        return [d for d in yaml.safe_load_all(f) if d is not None]


def want(what, ok):
    if not ok:
        print(what)


def compose(doc):
    for name, service in doc["services"].items():
        for kind in ("secrets", "networks"):
            for one in service[kind]:
                want(f"compose: {name}: {kind} {one}", one in doc[kind])
        for volume in service["volumes"]:
            want(f"compose: volume {volume}",
                 volume.split(":")[0] in doc["volumes"])
        for key, value in service["environment"].items():
            want(f"compose: {key} is a text", isinstance(value, str))


def container(name, one, volumes):
    ports = {p.get("name") for p in one.get("ports", [])}
    for probe in ("livenessProbe", "readinessProbe"):
        if probe in one:
            port = one[probe]["httpGet"]["port"]
            want(f"{name}: {probe}: port {port}", port in ports)
    for mount in one.get("volumeMounts", []):
        want(f"{name}: volume {mount['name']}", mount["name"] in volumes)
    for pair in one.get("env", []):
        want(f"{name}: {pair['name']} is a text",
             isinstance(pair["value"], str))
    if one["image"] == "post365":
        safe = one["securityContext"]
        want(f"{name}: read only", safe["readOnlyRootFilesystem"] is True)
        want(f"{name}: no capabilities",
             safe["capabilities"] == {"drop": ["ALL"]})


def pod(name, spec, volumes):
    want(f"{name}: no root", spec["securityContext"]["runAsNonRoot"] is True)
    volumes |= {v["name"] for v in spec.get("volumes", [])}
    for one in spec["containers"] + spec.get("initContainers", []):
        container(name, one, volumes)


def kubernetes(docs):
    service, stateful = docs
    spec = stateful["spec"]
    labels = spec["template"]["metadata"]["labels"]
    want("service selects", service["spec"]["selector"] == labels)
    want("set selects", spec["selector"]["matchLabels"] == labels)
    want("its service", spec["serviceName"] == service["metadata"]["name"])
    for value in spec["template"]["metadata"]["annotations"].values():
        want(f"annotation {value} is a text", isinstance(value, str))
    ports = [p["containerPort"]
             for p in spec["template"]["spec"]["containers"][0]["ports"]]
    want("its port", service["spec"]["ports"][0]["targetPort"] in ports)
    pod("kubernetes", spec["template"]["spec"],
        {c["metadata"]["name"] for c in spec["volumeClaimTemplates"]})


def main():
    compose(load("compose")[0])
    kubernetes(load("kubernetes"))
    pod("sidecar", load("sidecar")[0]["spec"], set())
    jobs = load("prometheus")[0]["scrape_configs"]
    rules = load("alerts")[0]["groups"][0]["rules"]
    want("a target", jobs[0]["static_configs"][0]["targets"])
    for rule in rules:
        want(f"{rule['alert']} has an expression",
             isinstance(rule["expr"], str))
    want("as many alerts as names",
         len({r["alert"] for r in rules}) == len(rules))


main()
