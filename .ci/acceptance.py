#!/usr/bin/env python3
"""The story from outside: records come, are exported, lost, planned, created, killed on the way, verified and taken back.

Everything is counted over REST by what the records hold (titles, e-mail addresses); neither plan nor journal is asked what is there.
"""

import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

from portal import BINARY, Sandbox, write_csv

KILLS = int(os.environ.get("KILLS", "30"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
KINDS = ("company", "contact", "lead", "deal")
# What a portal computes or writes by itself, what tells a created record from the lost one, and the times that can't always be kept.
NOT_COMPARED = {
    "ID", "DATE_CREATE", "DATE_MODIFY", "MODIFY_BY_ID", "LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY", "MOVED_TIME", "MOVED_BY_ID", "DATE_CLOSED",
    "ORIGINATOR_ID", "ORIGIN_ID", "IS_RETURN_CUSTOMER", "IS_REPEATED_APPROACH",
}


def seed(portal, chance):
    """510 records that no fixture holds."""
    add = lambda kind, **fields: portal.result(f"crm.{kind}.add", {"fields": fields})
    multi = lambda value, kind: [{"VALUE": value, "VALUE_TYPE": kind}]
    companies = [
        add("company", TITLE=f'Compañía Ñandú {i}; "S.A."', PHONE=multi(f"+52 55 1000 {i:04}", "WORK"), REVENUE=1000 * i,
            COMMENTS="línea uno\nlínea dos")
        for i in range(1, 41)
    ]
    contacts = [
        add("contact", NAME=f"Nombre{i}", LAST_NAME=f"Apellido{i}", COMPANY_ID=chance.choice(companies) if i % 3 else 0,
            EMAIL=multi(f"c{i}@ejemplo.mx", "WORK"), POST="Jefe", BIRTHDATE="1980-02-03")
        for i in range(1, 121)
    ]
    leads = [
        add("lead", TITLE=f"Prospecto {i}", NAME=f"Ana{i}", STATUS_ID=chance.choice(["NEW", "IN_PROCESS", "PROCESSED"]),
            OPPORTUNITY=i * 10.5, PHONE=multi(f"+52 55 2000 {i:04}", "MOBILE"), ADDRESS=f"Calle {i}", ADDRESS_CITY="Monterrey")
        for i in range(1, 201)
    ]
    deals = [
        add("deal", TITLE=f"Negocio {i}", STAGE_ID=chance.choice(["NEW", "PREPARATION", "WON", "LOSE"]), OPPORTUNITY=i * 100,
            COMPANY_ID=chance.choice(companies) if i % 4 else 0, CONTACT_ID=chance.choice(contacts) if i % 5 else 0,
            CLOSEDATE="2026-12-24", COMMENTS=f"nota {i}")
        for i in range(1, 151)
    ]
    return dict(zip(KINDS, (companies, contacts, leads, deals)))


def export(portal, before, directory):
    """The Spanish list exports of what is there."""
    statuses = {(row["ENTITY_ID"], row["STATUS_ID"]): row["NAME"] for row in portal.result("crm.status.list")}
    currencies = {row["CURRENCY"]: row["FULL_NAME"] for row in portal.result("crm.currency.list")}
    users = {row["ID"]: f"{row['NAME']} {row['LAST_NAME']}".strip() for row in portal.result("user.get")}
    titles = {record["ID"]: record["TITLE"] for record in before["company"].values()}
    names = {record["ID"]: f"{record['NAME']} {record['LAST_NAME']}" for record in before["contact"].values()}

    def plain(code):
        return lambda record: record[code]

    def clock(form, code):
        return lambda record: datetime.fromisoformat(record[code]).astimezone(timezone.utc).strftime(form) if record[code] else ""

    def moment(code):
        return clock("%d/%m/%Y %H:%M:%S", code)

    def day(code):
        return clock("%d/%m/%Y", code)

    def label(kind, code):
        return lambda record: statuses.get((kind, record[code] or ""), "")

    def user(code):
        return lambda record: users[record[code]]

    def values(kind, of_type):
        return lambda record: ", ".join(value["VALUE"] for value in record.get(kind, []) if value["VALUE_TYPE"] == of_type)

    currency = lambda record: currencies[record["CURRENCY_ID"]]
    columns = {
        "company": {
            "ID": plain("ID"), "Nombre de la Compañía": plain("TITLE"), "Tipo de Compañía": label("COMPANY_TYPE", "COMPANY_TYPE"),
            "Teléfono del trabajo": values("PHONE", "WORK"), "Responsable": user("ASSIGNED_BY_ID"), "Ingreso Anual": plain("REVENUE"),
            "Moneda": currency, "Comentario": plain("COMMENTS"), "Creado por": user("CREATED_BY_ID"), "Creado": moment("DATE_CREATE"),
        },
        "contact": {
            "ID": plain("ID"), "Primer Nombre": plain("NAME"), "Apellido": plain("LAST_NAME"), "Cumpleaños": day("BIRTHDATE"),
            "Cargo": plain("POST"), "Compañía": lambda record: titles.get(record["COMPANY_ID"], ""),
            "Tipo de Contacto": label("CONTACT_TYPE", "TYPE_ID"), "Responsable": user("ASSIGNED_BY_ID"),
            "E-mail del trabajo": values("EMAIL", "WORK"), "Origen": label("SOURCE", "SOURCE_ID"), "Creado": moment("DATE_CREATE"),
        },
        "lead": {
            "ID": plain("ID"), "Etapa": label("STATUS", "STATUS_ID"), "Título de prospecto": plain("TITLE"), "Nombre": plain("NAME"),
            "Creado": moment("DATE_CREATE"), "Origen": label("SOURCE", "SOURCE_ID"), "Móvil": values("PHONE", "MOBILE"),
            "Responsable": user("ASSIGNED_BY_ID"), "Calle": plain("ADDRESS"), "Ciudad": plain("ADDRESS_CITY"), "Total": plain("OPPORTUNITY"),
            "Moneda": currency,
        },
        "deal": {
            "ID": plain("ID"), "Pipeline": lambda _: "General", "Etapa": label("DEAL_STAGE", "STAGE_ID"), "Responsable": user("ASSIGNED_BY_ID"),
            "Nombre de la negociación": plain("TITLE"), "Tipo": label("DEAL_TYPE", "TYPE_ID"), "Ingreso": plain("OPPORTUNITY"),
            "Moneda": currency, "Compañía": lambda record: titles.get(record["COMPANY_ID"], ""),
            "Contacto": lambda record: names.get(record["CONTACT_ID"], ""), "Cerrado": lambda record: "si" if record["CLOSED"] == "Y" else "no",
            "Creado": moment("DATE_CREATE"), "Fecha de inicio": day("BEGINDATE"), "Fecha de cierre": day("CLOSEDATE"),
            "Comentario": plain("COMMENTS"),
        },
    }
    files = []
    for kind, cells in columns.items():
        files.append(directory / f"{kind}.csv")
        newest_first = (before[kind][key] for key in sorted(before[kind], reverse=True))
        write_csv(files[-1], cells, ([cell(record) for cell in cells.values()] for record in newest_first))
    return files


def lose(portal, ids, chance):
    """Deletes 10 % and changes 5 % of each type."""
    lost, changed = {}, {}
    other = {"company": {"COMMENTS": "cambiado"}, "contact": {"POST": "Directora"}, "lead": {"TITLE": "otro"}, "deal": {"COMMENTS": "cambiado"}}
    for kind in KINDS:
        lost[kind] = set(chance.sample(ids[kind], len(ids[kind]) // 10))
        changed[kind] = set(chance.sample([key for key in ids[kind] if key not in lost[kind]], len(ids[kind]) // 20))
        for key in changed[kind]:
            portal.result(f"crm.{kind}.update", {"id": key, "fields": other[kind]})
    for kind in KINDS:
        for key in lost[kind]:
            portal.result(f"crm.{kind}.delete", {"id": key})
    return lost, changed


def name_of(kind, record):
    """What no two records of a type share here."""
    return record["EMAIL"][0]["VALUE"] if kind == "contact" else record["TITLE"]


def changes_seen(portal):
    """How many changes the sandbox's ledger holds."""
    return len(portal.result("sandbox.ledger", {"since": 0, "limit": 1_000_000}))


def check_once(portal, before, survivors, lost):
    """Nothing lost, nothing twice, nothing else."""
    for kind in KINDS:
        after = portal.every(kind)
        created = {key: record for key, record in after.items() if key not in survivors[kind]}
        assert survivors[kind] <= set(after), f"{kind}: records of before are gone"
        wanted = sorted(name_of(kind, before[kind][key]) for key in lost[kind])
        found = sorted(name_of(kind, record) for record in created.values())
        assert found == wanted, f"{kind}: missing {set(wanted) - set(found)}, too many {len(found) - len(set(found))}"


def check_equal(portal, before, lost, ids_csv):
    """Each created record equals the lost one, its links follow the new ids, its original creator is named."""
    with open(ids_csv, encoding="utf-8", newline="") as file:
        new_id = {(row["entity"], int(row["original_id"])): int(row["new_id"]) for row in csv.DictReader(file)}
    links = {"COMPANY_ID": "company", "CONTACT_ID": "contact"}
    for kind in KINDS:
        after = portal.every(kind)
        for key in lost[kind]:
            was, now = before[kind][key], after[new_id[kind, key]]
            for field in was.keys() - NOT_COMPARED:
                old, new = was[field], now.get(field)
                if field in links and old and old != "0":
                    old = str(new_id.get((links[field], int(old)), old))
                if isinstance(old, list):
                    old, new = ([(value["VALUE"], value["VALUE_TYPE"]) for value in values or []] for values in (old, new))
                empty = (None, "", "0")
                assert old == new or (old in empty and new in empty), f"{kind} {key}: {field} was {old!r}, is {new!r}"


def kill_now_and_then(portal, plan, chance, kills):
    """Applies a plan, killing it at random instants; how many kills met a running process."""
    environment = portal.environment(B24RESTORE_ZOMBIE_WINDOW="2")
    met = 0
    for _ in range(kills):
        apply = subprocess.Popen([BINARY, "apply", plan, "--yes", "--quiet"], env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.01, 1.6))
        if apply.poll() is None:
            met += 1
            apply.kill()
        apply.wait()
    for _ in range(5):
        done = json.loads(portal.b24restore("apply", plan, "--yes", "--json", codes=(0, 1), B24RESTORE_ZOMBIE_WINDOW="2"))
        if done["complete"]:
            return met
    raise AssertionError("apply is not complete after five undisturbed runs")


def main():
    print(f"seed {SEED}, {KILLS} kills")
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name, Sandbox(Path(name) / "portal", "--limits", "none", "--latency", "25") as portal:
        work = Path(name)
        ids = seed(portal, chance)
        before = {kind: portal.every(kind) for kind in KINDS}
        files = export(portal, before, work)
        lost, changed = lose(portal, ids, chance)
        survivors = {kind: set(ids[kind]) - lost[kind] for kind in KINDS}
        plan = work / "plan"

        seen = changes_seen(portal)
        counts = json.loads(portal.b24restore("plan", *files, "--out", plan, "--json"))["entities"]
        assert changes_seen(portal) == seen, "a dry run changed the portal"
        for kind in KINDS:
            count = counts[kind]
            assert count["in_file"] == len(ids[kind]) and count["missing"] == len(lost[kind]), (kind, count)
            assert count["restored"] == count["duplicate"] == count["rejected"] == count["only_in_portal"] == 0, (kind, count)
            lines = [json.loads(line) for line in open(plan / "records.jsonl", encoding="utf-8")]
            differing = {line["original_id"]: line for line in lines if line["entity"] == kind and line["verdict"] == "changed"}
            unlinked = {key for key, line in differing.items() if all(change.get("lost_link") for change in line["changes"])}
            assert set(differing) - unlinked == changed[kind], f"{kind}: changed {set(differing) - unlinked}, not {changed[kind]}"
        print(f"plan: {sum(map(len, lost.values()))} missing, right to the record; the portal saw no change")

        portal.b24restore("apply", plan, "--yes")
        check_once(portal, before, survivors, lost)
        check_equal(portal, before, lost, plan / "ids.csv")
        seen = changes_seen(portal)
        portal.b24restore("apply", plan, "--yes")
        assert changes_seen(portal) == seen, "a second apply changed something"
        again = json.loads(portal.b24restore("plan", *files, "--out", work / "again", "--json"))["entities"]
        for kind in KINDS:
            assert again[kind]["restored"] == len(lost[kind]) and again[kind]["missing"] == 0, (kind, again[kind])
        checked = json.loads(portal.b24restore("verify", plan, "--json"))["entities"]
        for kind in KINDS:
            assert checked[kind]["equal"] == checked[kind]["checked"] == len(lost[kind]), (kind, checked[kind])
        print("apply: each there once, with equal fields and right links; again: nothing; a new plan: restored; verify: equal")

        portal.b24restore("undo", plan, "--yes")
        assert {kind: set(portal.every(kind)) for kind in KINDS} == survivors, "undo left something, or took too much"
        print("undo: just those are gone")

        killed, round_number = 0, 0
        while killed < KILLS:
            round_number += 1
            plan = work / f"killed-{round_number}"
            portal.b24restore("plan", *files, "--out", plan, "--quiet")
            killed += kill_now_and_then(portal, plan, chance, min(6, KILLS - killed))
            check_once(portal, before, survivors, lost)
            check_equal(portal, before, lost, plan / "ids.csv")
            portal.b24restore("undo", plan, "--yes", "--quiet")
        print(f"SIGKILL: {killed} kills in {round_number} restores: 0 lost, 0 twice")


if __name__ == "__main__":
    sys.exit(main())
