"""The alert rules and the dashboard that are shipped: Prometheus' own tool judges them (R19)."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from rollbook.help_guides import anchor, guide
from rollbook.server.backups.last import note_backup
from support.asked_jobs import job_asked
from support.desk_reports import reported
from support.school_server import SchoolServer
from support.source_files import ROOT

MONITORING = ROOT / "packaging" / "monitoring"
RULES = MONITORING / "alerts.yml"
DASHBOARD = MONITORING / "dashboard.json"
TRIED = ROOT / "tests" / "data" / "monitoring" / "alerts_test.yml"
PROMETHEUS_OWN = {"up"}
ADDED_BY_PROMETHEUS = {"instance", "job"}
GUIDE = re.compile(r"^https://\{\{ \$labels\.instance \}\}/help/([\w-]+)#([\w-]+)$")
METRIC = re.compile(r"\b(rollbook_\w+|up)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r"(\w+)\s*(=~|!~|!=|=)\s*\"([^\"]*)\"")
MATCHER_OF_LABELS = re.compile(r"(\w+)=\"([^\"]*)\"")
GROUPED = re.compile(r"\bby \(([^)]*)\)")


def promtool(*arguments: str, **given: Any) -> subprocess.CompletedProcess[str]:
    program = shutil.which("promtool")
    assert program, "promtool is needed: `python3 packaging/dev.py setup` brings Debian's prometheus"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, **given)


def rules() -> list[dict[str, Any]]:
    read = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Each expression of the rules and of the dashboard, with where it stands."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            of_prometheus = target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
            yield panel["title"], of_prometheus


def test_r19_the_rules_are_rules() -> None:
    checked = promtool("check", "rules", str(RULES))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"SUCCESS: {len(rules())} rules found" in checked.stdout


def test_r19_each_rule_fires_at_what_it_is_for_and_not_before() -> None:
    tried = promtool("test", "rules", str(TRIED))
    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_r19_no_rule_is_left_untried() -> None:
    read = yaml.safe_load(TRIED.read_text(encoding="utf-8"))
    fire = {
        test["name"]
        for test in read["tests"]
        if any(each["exp_samples"] for each in test["promql_expr_test"])
        and any(not each["exp_samples"] for each in test["promql_expr_test"])
    }
    assert fire == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize("spoiled", [("> 0.05", "> 0.2"), ("for: 10m", "for: 8m"), ('"in_use"', '"idle"')])
def test_r19_a_rule_that_is_spoiled_is_noticed(spoiled: tuple[str, str], tmp_path: Path) -> None:
    text = RULES.read_text(encoding="utf-8")
    assert spoiled[0] in text
    wrong, tests = tmp_path / "alerts.yml", tmp_path / "alerts_test.yml"
    wrong.write_text(text.replace(*spoiled), encoding="utf-8")
    tried = yaml.safe_load(TRIED.read_text(encoding="utf-8")) | {"rule_files": [str(wrong)]}
    tests.write_text(yaml.safe_dump(tried), encoding="utf-8")
    assert promtool("test", "rules", str(tests)).returncode == 1


def test_r19_each_alert_says_what_it_means_and_where_help_stands() -> None:
    for rule in rules():
        said = rule["annotations"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert said["summary"].endswith(".")
        assert said["description"].endswith(".")
        leads = GUIDE.match(said["runbook_url"])
        assert leads, rule["alert"]
        headings = re.findall(r"^## (.+)$", guide(leads[1]).text, re.MULTILINE)
        assert leads[2] in map(anchor, headings), said["runbook_url"]


def test_r19_what_an_alert_says_is_whole(tmp_path: Path) -> None:
    """As Prometheus fills it in: every place in it has a value, of labels that the alert really has."""
    read = yaml.safe_load(TRIED.read_text(encoding="utf-8"))
    tests = []
    for test in read["tests"]:
        firing = [each for each in test.pop("promql_expr_test") if each["exp_samples"]]
        if firing:
            asked = {"alertname": test["name"], "eval_time": firing[0]["eval_time"], "exp_alerts": []}
            tests.append(test | {"alert_rule_test": [asked]})
    file = tmp_path / "alerts_test.yml"
    file.write_text(yaml.safe_dump(read | {"rule_files": [str(RULES)], "tests": tests}), encoding="utf-8")
    told = promtool("test", "rules", str(file))
    said = told.stdout + told.stderr
    assert said.count('runbook_url="https://s/help/') == len(tests)
    assert "error expanding" not in said.lower()
    has = {
        dict(MATCHER_OF_LABELS.findall(labels))["alertname"]: dict(MATCHER_OF_LABELS.findall(labels))
        for labels in re.findall(r"Labels:\{([^}]*)\}\s*Annotations", said)
    }
    for rule in rules():
        asked = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
        assert asked <= set(has[rule["alert"]]), rule["alert"]


def test_r19_every_expression_of_the_dashboard_can_be_read(tmp_path: Path) -> None:
    """As a rule that records it: Prometheus reads it then."""
    recorded = [
        {"record": f"tried:number{number}", "expr": expression}
        for number, (_where, expression) in enumerate(expressions())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "tried", "rules": recorded}]}), encoding="utf-8")
    checked = promtool("check", "rules", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture(scope="module")
def page(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real page of metrics, after a little of everything."""
    school = SchoolServer(database, tmp_path_factory.mktemp("monitored"))
    Path(school.settings.log_dir).mkdir()
    one, other = school.desk(), school.desk()
    student = one.student(given_name="A")
    one.push(one.update(student, 1, given_name=("A", "B")))
    other.push(other.update(student, 1, given_name=("A", "C")))
    one.call("GET", "/api/v1/students/none")
    reported(one, waiting=1)
    job_asked(school, one.session.user_id)
    school.parts.metrics.outside("weather", "ok")
    school.write(lambda connection: note_backup(connection, school.clock, 1))
    text = school.client.get("/metrics").text
    school.close()
    return text


@pytest.fixture(scope="module")
def exported(page: str) -> dict[str, list[dict[str, str]]]:
    """The labels of each sample of the page, by its name."""
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def test_r19_the_page_is_as_prometheus_wants_it(page: str) -> None:
    """Its own tool finds nothing to say of names, units, help and types."""
    checked = promtool("check", "metrics", input=page)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def wrong_in(expression: str, exported: dict[str, list[dict[str, str]]]) -> list[str]:
    """What an expression asks that no page has."""
    wrong, labels = [], set(ADDED_BY_PROMETHEUS)
    for name, matchers in METRIC.findall(expression):
        if name in PROMETHEUS_OWN:
            continue
        if name not in exported:
            wrong.append(f"no metric {name}")
            continue
        labels |= set(exported[name][0])
        for label, how, value in MATCHER.findall(matchers):
            if label in ADDED_BY_PROMETHEUS:
                continue
            known = {sample.get(label) for sample in exported[name]}
            wanted = value.split("|") if how == "=~" and "." not in value else [value]
            if known == {None}:
                wrong.append(f"{name} has no label {label}")
            elif how == "=" or (how == "=~" and "." not in value):
                wrong += [f"{name} has no {label} {each}" for each in wanted if each not in known]
    grouped = {label.strip() for group in GROUPED.findall(expression) for label in group.split(",")}
    return wrong + [f"no label {label} to group by" for label in sorted(grouped - labels)]


def test_r19_every_metric_and_label_that_is_asked_for_is_exported(
    exported: dict[str, list[dict[str, str]]],
) -> None:
    wrong = {where: wrong_in(expression, exported) for where, expression in expressions()}
    assert {where: said for where, said in wrong.items() if said} == {}


def test_r19_a_name_that_nothing_exports_is_noticed(exported: dict[str, list[dict[str, str]]]) -> None:
    assert wrong_in("rollbook_no_such > 1", exported) == ["no metric rollbook_no_such"]
    assert wrong_in('rollbook_desks{state="lost"}', exported) == ["rollbook_desks has no state lost"]
    assert wrong_in('rollbook_desks{colour="x"}', exported) == ["rollbook_desks has no label colour"]
    assert wrong_in("sum by (colour) (rollbook_desks)", exported) == ["no label colour to group by"]


def test_r19_the_dashboard_shows_all_that_is_exported(exported: dict[str, list[dict[str, str]]]) -> None:
    """But for sums of what it shows by parts."""
    asked = {name for _where, expression in expressions() for name, _ in METRIC.findall(expression)}
    beside = {"rollbook_desk_oldest_entry_seconds", "rollbook_desk_longest_unsynced_seconds"}
    unshown = {
        name for name in exported if not name.endswith(("_created", "_count", "_sum")) and name not in asked
    }
    assert unshown == beside


def test_r19_the_panels_of_the_dashboard_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
