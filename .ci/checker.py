#!/usr/bin/env python3
"""What must hold after a restore, whatever happened on the way: ten invariants, asserted from outside.

Reads the portal's ledger, the restore files, the plan directory and the journal by itself; knows nothing of b24restore's code. The table
of legal moves is written from the protocol's description, not from the program. `checker.py --self-test` doctors the evidence of a good
run in many ways and sees that the right invariant falls each time.
"""

import base64
import collections
import copy
import csv
import hashlib
import json
import pickle
import sqlite3
import sys
import tempfile
import urllib.parse
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from pathlib import Path

TYPES = {"lead": 1, "deal": 2, "contact": 3, "company": 4}
# planned -> intent -> acknowledged, refused or unknown; unknown is looked up, then adopted or planned again. What was refused, and what
# was left out for its sake, may be taken up by a person's wish.
MOVES = {
    ("planned", "intent"), ("planned", "done"), ("planned", "failed"), ("planned", "left_out"),
    ("intent", "done"), ("intent", "failed"), ("intent", "unknown"), ("intent", "planned"),
    ("unknown", "done"), ("unknown", "failed"), ("unknown", "planned"),
    ("failed", "planned"), ("left_out", "planned"), ("done", "undone"),
    # The old values of a live record go back: sent, perhaps once more, then back or refused.
    ("done", "returning"), ("returning", "returning"), ("returning", "undone"), ("returning", "done"),
}
PENDING = {"planned", "intent", "unknown"}
# What a portal computes or writes by itself, what tells a created record from the lost one, and the times that can't always be kept.
NOT_COMPARED = {
    "ID", "DATE_CREATE", "DATE_MODIFY", "MODIFY_BY_ID", "LAST_ACTIVITY_TIME", "LAST_ACTIVITY_BY", "MOVED_TIME", "MOVED_BY_ID", "DATE_CLOSED",
    "ORIGINATOR_ID", "ORIGIN_ID", "IS_RETURN_CUSTOMER", "IS_REPEATED_APPROACH",
}
LINKS = {"COMPANY_ID": "company", "CONTACT_ID": "contact"}
# A standard portal: requests that its bucket holds, and how many run off each second, all at once.
BUCKET, DRAIN = 50, 2
PAUSE_AFTER_REFUSAL = 0.5


# --- Evidence -------------------------------------------------------------------------------------------------------------------------

def export(portal):
    """All records of a portal over REST, by the classic methods and by the universal ones."""
    found = {kind: {"classic": portal.every(kind), "item": {}} for kind in TYPES}
    for kind, number in TYPES.items():
        start = 0
        while start is not None:
            page = portal.call("crm.item.list", {"entityTypeId": number, "select": ["*"], "order": {"id": "ASC"}, "start": start})
            found[kind]["item"].update((item["id"], item) for item in page["result"]["items"])
            start = page.get("next")
    return found


def gather(file, csvs, plans, before, after, originals=None, window=150.0, hits=None, canary=None, told=(), places=()):
    """Everything the invariants look at, as plain data."""
    since = min((plan["mark"] for plan in plans), default=0)
    return {
        "ledger": read_ledger(file, since),
        "csv": {kind: ids for path in csvs for kind, ids in [read_ids(path)]},
        "plans": [read_plan(plan) for plan in plans],
        "before": before, "after": after, "originals": originals, "window": window, "hits": hits, "canary": canary,
        "texts": read_texts(told, places) if canary else {},
    }


def read_ledger(file, since):
    """The portal's own record of what it applied, from its file."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as portal:
        portal.row_factory = sqlite3.Row
        rows = [dict(row) for row in portal.execute("SELECT * FROM ledger WHERE seq > ? ORDER BY seq", (since,))]
    for row in rows:
        row["payload"] = json.loads(row["payload"])
        row["entity"] = row["entity"].lower()
        row["key"] = None
        if row["action"] == "create" and isinstance(row["payload"], dict):
            values = row["payload"].get("values", {})
            row["key"] = (values.get("ORIGINATOR_ID") or "", values.get("ORIGIN_ID") or "")
    return rows


def read_ids(path):
    """The type of a restore file, by its name, and the ids in it."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return Path(path).stem, [int(row["ID"]) for row in csv.DictReader(file, delimiter=";")]


def read_table(path, **dialect):
    if not path.exists():
        return None
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, **dialect))


def read_plan(plan):
    """A plan directory: what was sealed, what the journal says, the result files."""
    place = plan["dir"]
    found = {**plan, "actions": [json.loads(line) for line in open(place / "actions.jsonl", encoding="utf-8")], "meta": {}, "steps": [], "log": []}
    journal = place / "journal.sqlite"
    if journal.exists():
        with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as file:
            file.row_factory = sqlite3.Row
            found["meta"] = dict(map(tuple, file.execute("SELECT key, value FROM meta")))
            found["steps"] = [dict(row) for row in file.execute("SELECT * FROM steps ORDER BY seq")]
            found["log"] = [dict(row) for row in file.execute("SELECT * FROM log ORDER BY seq")]
            found["integrity"] = file.execute("PRAGMA integrity_check").fetchone()[0]
    records = [json.loads(line) for line in open(place / "records.jsonl", encoding="utf-8")]
    found["restored"] = [(row["entity"], row["original_id"], row["portal_id"]) for row in records if row["verdict"] == "restored"]
    found["digest"] = json.loads((place / "plan.json").read_text(encoding="utf-8"))["digest"]
    found["ids"] = read_table(place / "ids.csv")
    found["failures"] = read_table(place / "failures.csv")
    found["returned"] = {path.stem.split("-")[0]: read_table(path, delimiter=";") for path in sorted(place.glob("failed/*.csv"))}
    return found


def read_texts(told, places):
    """Every byte that was said or written, by where it was."""
    texts = {f"output {at}": bytes(text) for at, text in enumerate(told)}
    for place in places:
        texts.update((str(path), path.read_bytes()) for path in sorted(Path(place).rglob("*")) if path.is_file())
    return texts


def creates(plan):
    return [action for action in plan["actions"] if action["action"] == "create"]


def key_of(action):
    """By which pair a record is known again: its own, or the one made of its type and original id alone."""
    fields = action["fields"]
    if fields.get("originatorId") and fields["originatorId"] != "b24restore":
        return fields["originatorId"], fields.get("originId", "")
    return "b24restore", f"{action['entity']}:{action['original_id']}"


def steps_of(plan, kind="create"):
    return [step for step in plan["steps"] if step["kind"] == kind]


def created_rows(case):
    return [row for row in case["ledger"] if row["action"] == "create" and row["entity"] in TYPES]


# --- The invariants: each gives its objections, and how many things it looked at --------------------------------------------------------

def i1_each_planned_key_created_exactly_once(case):
    """Over all runs and all plans; and the first plan holds just what the files hold and the portal doesn't."""
    wrong, wanted = [], {}
    restored = {(entity, id) for plan in case["plans"] for entity, id, _ in plan["restored"]}
    for plan in case["plans"]:
        states = {(step["entity"], step["original_id"]): step["state"] for step in steps_of(plan)}
        for action in creates(plan):
            subject = (action["entity"], action["original_id"])
            # What an abandoned plan had sent, a later one finds by its mark.
            state = "done" if subject in restored else states.get(subject, "planned")
            wanted.setdefault((action["entity"], key_of(action)), set()).add(state)
    made = collections.Counter((row["entity"], row["key"]) for row in created_rows(case))
    for key, states in wanted.items():
        expected = 1 if states & {"done", "undone"} else 0
        if made[key] != expected:
            wrong.append(f"{key}: created {made[key]} times, not {expected} ({', '.join(sorted(states))})")
        if states <= PENDING:
            wrong.append(f"{key}: still {', '.join(sorted(states & PENDING))} after the last resume")
    wrong += [f"{key}: created, and in no plan" for key in made.keys() - wanted.keys()]
    if case["plans"]:
        twins = restored & {(action["entity"], action["original_id"]) for action in creates(case["plans"][-1])}
        wrong += [f"{subject}: found by its mark, and planned again" for subject in twins]
        missing = {(kind, id) for kind, ids in case["csv"].items() for id in ids if id not in case["before"][kind]["classic"]}
        planned = {(action["entity"], action["original_id"]) for action in creates(case["plans"][0])}
        wrong += [f"{subject}: missing in the portal, and not planned" for subject in sorted(missing - planned)]
        wrong += [f"{subject}: planned, and not missing" for subject in sorted(planned - missing)]
    return wrong, len(wanted)


def i2_no_key_and_no_source_id_twice(case):
    wrong, looked_at = [], 0
    for kind in TYPES:
        after, before = case["after"][kind]["classic"], case["before"][kind]["classic"]
        pairs = [(record["ORIGINATOR_ID"], record["ORIGIN_ID"]) for record in after.values() if record.get("ORIGIN_ID")]
        wrong += [f"{kind}: {count} live records bear {pair}" for pair, count in collections.Counter(pairs).items() if count > 1]
        looked_at += len(pairs)
        names = [name_of(kind, record) for id, record in after.items() if id not in before]
        wrong += [f"{kind}: {count} new records are called {name!r}" for name, count in collections.Counter(names).items() if count > 1]
    for plan in case["plans"]:
        for what, of in [("source id", lambda row: (row["entity"], row["original_id"])), ("new id", lambda row: (row["entity"], row["new_id"]))]:
            twice = [key for key, count in collections.Counter(map(of, plan["ids"] or [])).items() if count > 1]
            wrong += [f"ids.csv: {what} {key} twice" for key in twice]
        new = collections.Counter((step["entity"], step["portal_id"]) for step in steps_of(plan) if step["portal_id"] is not None)
        wrong += [f"journal: {key} is the new id of {count} records" for key, count in new.items() if count > 1]
    return wrong, looked_at


def name_of(kind, record):
    """What no two records of a type share in these tests."""
    if kind == "contact":
        return " ".join(value["VALUE"] for value in record.get("EMAIL") or []) or f"{record['NAME']} {record['LAST_NAME']}"
    return record["TITLE"]


def i3_journal_and_ledger_are_a_bijection(case):
    wrong, noted = [], []
    for plan in case["plans"]:
        keys = {(action["entity"], action["original_id"]): key_of(action) for action in creates(plan)}
        for step in steps_of(plan):
            if step["state"] in ("done", "undone") and step["how"] != "already_there":
                noted.append((step["entity"], step["portal_id"], keys.get((step["entity"], step["original_id"]))))
            if step["state"] == "done" and step["portal_id"] is None:
                wrong.append(f"{step['entity']} {step['original_id']}: done without a new id")
        # What an abandoned plan had sent without hearing of it, a later plan has found.
        noted += [(entity, portal_id, ("b24restore", f"{entity}:{id}")) for entity, id, portal_id in plan["restored"]
                  if not any(entry[:2] == (entity, portal_id) for entry in noted)]
    applied = [(row["entity"], int(row["entity_id"]), row["key"]) for row in created_rows(case)]
    for what, one, other in [("in a journal, and not in the ledger", noted, applied), ("in the ledger, and in no journal", applied, noted)]:
        wrong += [f"{entry}: {what}" for entry in (collections.Counter(one) - collections.Counter(other))]
    gone = {(row["entity"], int(row["entity_id"])) for row in case["ledger"] if row["action"] == "delete"}
    for kind in TYPES:
        alive = set(case["after"][kind]["classic"]) - set(case["before"][kind]["classic"])
        should = {id for entity, id, _ in applied if entity == kind} - {id for entity, id in gone if entity == kind}
        wrong += [f"{kind} {id}: in the ledger or in the portal alone" for id in alive ^ should]
    undone = {(step["entity"], step["portal_id"]) for plan in case["plans"] for step in steps_of(plan) if step["state"] == "undone"}
    wrong += [f"{entry}: undone in the journal, never deleted" for entry in undone - gone]
    return wrong, len(applied)


def new_ids(case):
    """From the ledger alone: (type, original id) -> new id."""
    keys = {(action["entity"], key_of(action)): action["original_id"] for plan in case["plans"] for action in creates(plan)}
    return {(row["entity"], keys[row["entity"], row["key"]]): int(row["entity_id"]) for row in created_rows(case) if (row["entity"], row["key"]) in keys}


def i4_read_back_equals_plan(case):
    wrong, looked_at, renamed = [], 0, new_ids(case)
    mends, unmended = {}, {}
    for plan in case["plans"]:
        done = {(step["entity"], step["original_id"]) for step in steps_of(plan, "mend") if step["state"] == "done"}
        for action in plan["actions"]:
            subject = (action["entity"], action["original_id"])
            if action["action"] == "mend" and plan["abandoned"] and subject not in done:
                # A plan that was given up before its mends: a later one finds the record restored, and leaves it as it is.
                unmended[subject] = {*action.get("classic", {}), *map(str.upper, action["fields"])}
            elif action["action"] == "mend":
                mends[subject] = action
    for action in (action for plan in case["plans"] for action in creates(plan)):
        kind, subject = action["entity"], (action["entity"], action["original_id"])
        item, record = (case["after"][kind][form].get(renamed.get(subject)) for form in ("item", "classic"))
        if item is None:
            continue
        mend = mends.get(subject, {"fields": {}})
        # An unfilled part of a list of links, the mark's clean-up and declared differences are not what was sent.
        pending = {link["field"] for link in action.get("links", [])} | {"createdTime"}
        for field, value in {**action["fields"], **mend["fields"]}.items():
            looked_at += 1
            found = multi(item, field) if field.isupper() else item.get(field)
            if field not in pending and field.upper() not in unmended.get(subject, ()) and not same(value, found):
                wrong.append(f"{subject}: {field} was sent as {value!r}, is {found!r}")
        for field, value in mend.get("classic", {}).items():
            looked_at += 1
            if not same(value, record.get(field)):
                wrong.append(f"{subject}: {field} was sent as {value!r}, is {record.get(field)!r}")
        lost = (case["originals"] or {}).get(kind, {}).get(action["original_id"])
        for field in (lost or {}).keys() - NOT_COMPARED - unmended.get(subject, set()):
            old, new = lost[field], record.get(field)
            if field in LINKS and old and old != "0":
                old = linked_now(case, renamed, LINKS[field], int(old))
            looked_at += 1
            if not same(old, new):
                wrong.append(f"{subject}: {field} was {old!r} before the loss, is {new!r}")
    return wrong, looked_at


def linked_now(case, renamed, kind, id):
    """What a link of before must be now: the new id, the same one, or nothing where its target was lost and refused."""
    there = id in case["before"][kind]["classic"]
    return str(renamed.get((kind, id), id if there else ""))


def multi(item, kind):
    return [{"VALUE": value["value"], "VALUE_TYPE": value["valueType"]} for value in item.get("fm") or [] if value["typeId"] == kind]


def same(one, other):
    """Whether two values of REST mean the same."""
    return plain(one) == plain(other)


def plain(value):
    if isinstance(value, list):
        return [(each["VALUE"], each["VALUE_TYPE"]) if isinstance(each, dict) else plain(each) for each in value] or None
    if value in (None, "", 0, "0", "N", False):
        return None
    if value in ("Y", True):
        return True
    text = str(value)
    try:
        number = Decimal(text)
        return number.normalize() if number else None
    except InvalidOperation:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return moment.date() if not (moment.hour or moment.minute or moment.second) else moment.astimezone(timezone.utc)
    except ValueError:
        return text


def i5_others_are_byte_identical(case):
    wrong, looked_at, named = [], 0, {}
    contacts = {id for (kind, _), id in new_ids(case).items() if kind == "contact"}
    for plan in case["plans"]:
        for action in plan["actions"]:
            if action["action"] in ("restore", "relink"):
                named.setdefault((action["entity"], action["portal_id"]), []).append(action)
    for kind in TYPES:
        for form, records in case["before"][kind].items():
            after = case["after"][kind][form]
            for id, record in records.items():
                looked_at += 1
                if (kind, id) in named:
                    continue
                if id not in after:
                    wrong.append(f"{kind} {id}: was there before, is gone")
                elif json.dumps(record) != json.dumps(without(contacts, after[id]) if kind == "company" else after[id]):
                    differing = {field for field in record if record[field] != after[id].get(field)} or "the order of its fields"
                    wrong.append(f"{kind} {id}: is no longer as it was: {differing}")
    old = {(kind, id) for kind in TYPES for id in case["before"][kind]["classic"]} - named.keys()
    for row in case["ledger"]:
        if row["entity"] in TYPES and row["action"] != "create" and (row["entity"], int(row["entity_id"])) in old:
            wrong.append(f"ledger {row['seq']}: {row['method']} did {row['action']} to {row['entity']} {row['entity_id']}, which no plan names")
    return wrong, looked_at


def without(contacts, company):
    """A company lists its contacts, and a restored contact is one of them again: said in the contact, computed in the company."""
    if not contacts.intersection(company.get("contactIds") or []):
        return company
    return {**company, "contactIds": [id for id in company["contactIds"] if id not in contacts]}


def i6_links_point_at_new_ids(case):
    wrong, looked_at, renamed = [], 0, new_ids(case)
    for action in (action for plan in case["plans"] for action in creates(plan)):
        item = case["after"][action["entity"]]["item"].get(renamed.get((action["entity"], action["original_id"])))
        if item is None:
            continue
        for link in action.get("links", []):
            target = renamed.get((link["entity"], link["original_id"]))
            if target is None:
                continue
            looked_at += 1
            found = item.get(link["field"])
            if not (target in (found or []) if link["multiple"] else found == target):
                wrong.append(f"{action['entity']} {action['original_id']}: {link['field']} is {found}, not {target}")
    for plan in case["plans"]:
        for action, step in zip(plan["actions"], plan["steps"]):
            if action["action"] == "relink" and step["state"] == "done":
                record = case["after"][action["entity"]]["item"].get(action["portal_id"], {})
                for link in action["links"]:
                    looked_at += 1
                    target, found = renamed.get((link["entity"], link["original_id"])), record.get(link["field"])
                    if target is not None and not (target in (found or []) if link["multiple"] else found == target):
                        wrong.append(f"{action['entity']} {action['portal_id']}: {link['field']} is {found}, was to be linked to {target}")
    for kind in TYPES:
        for id in case["after"][kind]["classic"].keys() - case["before"][kind]["classic"].keys():
            for field, target in LINKS.items():
                linked = int(case["after"][kind]["classic"][id].get(field) or 0)
                looked_at += bool(linked)
                if linked and linked not in case["after"][target]["classic"]:
                    wrong.append(f"{kind} {id}: {field} points at {linked}, which is not there")
    return wrong, looked_at


def i7_journal_moves_are_legal_and_chained(case):
    wrong, looked_at = [], 0
    for plan in case["plans"]:
        if not plan["steps"]:
            continue
        if plan["integrity"] != "ok":
            wrong.append(f"SQLite says of the journal: {plan['integrity']}")
        if plan["meta"].get("plan") != plan["digest"]:
            wrong.append("the journal is of another plan")
        subjects = [(step["entity"], step["original_id"], step["kind"]) for step in plan["steps"]]
        if subjects != [(action["entity"], action["original_id"], action["action"]) for action in plan["actions"]]:
            wrong.append("the journal's steps are not the plan's actions")
        chain, at = "", {step["seq"]: {"state": "planned", "intents": 0, "sent": None} for step in plan["steps"]}
        for before, row in zip([None, *plan["log"]], plan["log"]):
            looked_at += 1
            place = f"log {row['seq']}"
            if before and row["seq"] != before["seq"] + 1:
                wrong.append(f"{place}: a row before it is gone")
            text = f"{chain}|{row['at']}|{row['step']}|{row['from_state']}|{row['to_state']}|{row['detail']}"
            chain = hashlib.sha256(text.encode()).hexdigest()
            if row["hash"] != chain:
                wrong.append(f"{place}: the chain is broken")
                chain = row["hash"]
            step = at.get(row["step"])
            if step is None:
                wrong.append(f"{place}: no such step")
                continue
            kind = plan["steps"][row["step"]]["kind"]
            wrong += [f"{place}: {text}" for text in illegal(row, step, kind, case["window"])]
            step["state"] = row["to_state"]
        for step in plan["steps"]:
            if step["state"] != at[step["seq"]]["state"]:
                wrong.append(f"step {step['seq']}: is {step['state']}, the log says {at[step['seq']]['state']}")
            if step["attempts"] != at[step["seq"]]["intents"]:
                wrong.append(f"step {step['seq']}: {step['attempts']} attempts, {at[step['seq']]['intents']} intents in the log")
    return wrong, looked_at


def illegal(row, step, kind, window):
    """What is wrong with one move; notes what it means for the next."""
    move, at = (row["from_state"], row["to_state"]), datetime.fromisoformat(row["at"])
    if step["state"] != move[0]:
        yield f"it moves from {move[0]}, and stood at {step['state']}"
    if move not in MOVES:
        yield f"{move[0]} can't become {move[1]}"
    if move[1] == "intent":
        step["intents"] += 1
        step["sent"] = at
    if move[1] == "done" and row["detail"].startswith("created") and move[0] != "intent":
        yield "acknowledged without an intent"
    if kind == "create" and move == ("unknown", "planned"):
        waited = (at - step["sent"]).total_seconds() if step["sent"] else 0
        if waited < window:
            yield f"an unclear create was given up {waited:.3f} s after it was sent, within the window of {window} s"


def i8_canary_is_absent(case):
    wrong, bytes_seen = [], 0
    for where, text in case["texts"].items():
        bytes_seen += len(text)
        wrong += [f"{where}: holds the secret, {form}" for form, needle in disguises(case["canary"]) if needle in text]
    return wrong, bytes_seen


def disguises(secret):
    """A secret as it may look in a file: as it is, encoded, turned round."""
    raw = secret.encode()
    yield "as it is", raw
    yield "turned round", raw[::-1]
    yield "in UTF-16", secret.encode("utf-16-le")
    yield "in hex", raw.hex().encode()
    yield "in hex", raw.hex().upper().encode()
    yield "percent-encoded", "".join(f"%{byte:02X}" for byte in raw).encode()
    yield "percent-encoded", "".join(f"%{byte:02x}" for byte in raw).encode()
    if urllib.parse.quote(secret, safe="") != secret:
        yield "percent-encoded", urllib.parse.quote(secret, safe="").encode()
    for skipped in range(3):
        # However many bytes stand before it, these of its letters depend on nothing else.
        whole = raw[skipped:]
        encoded = base64.b64encode(whole[:len(whole) // 3 * 3])
        yield "in base64", encoded
        yield "in base64", encoded.replace(b"+", b"-").replace(b"/", b"_")
    yield "its first half", raw[:len(raw) // 2]
    yield "its second half", raw[len(raw) // 2:]


def i9_exit_code_summary_and_files_equal_the_ledger(case):
    wrong, looked_at = [], 0
    rows = {(row["entity"], row["key"]): row for row in created_rows(case)}
    for plan in case["plans"]:
        if plan["abandoned"]:
            continue
        if plan["said"] is None:
            wrong.append("the last run said nothing")
            continue
        states = {(step["entity"], step["original_id"]): step["state"] for step in steps_of(plan)}
        counts = {kind: collections.Counter() for kind in TYPES}
        ids, failed = {}, []
        for action in creates(plan):
            subject, row = (action["entity"], action["original_id"]), rows.get((action["entity"], key_of(action)))
            state = states.get(subject, "planned")
            if state == "undone":
                counts[subject[0]]["left_out"] += 1
            elif row:
                counts[subject[0]]["created" if row["seq"] > plan["mark"] else "already_there"] += 1
                ids[subject] = int(row["entity_id"])
            elif state in ("failed", "left_out"):
                counts[subject[0]][state] += 1
                failed += [action] if state == "failed" else []
            else:
                counts[subject[0]]["pending"] += 1
            counts[subject[0]]["planned"] += 1
        for kind, entity in plan["said"]["entities"].items():
            for name in ("planned", "created", "already_there", "left_out", "failed", "pending"):
                looked_at += 1
                if entity[name] != counts[kind][name]:
                    wrong.append(f"{kind}: {name} is {entity[name]} in the summary, {counts[kind][name]} by the ledger")
        other = [step for step in plan["steps"] if step["state"] in ("failed", *PENDING) and step["kind"] != "create"]
        void = {(action["entity"], action["original_id"]) for action in failed}
        pending = sum(count["pending"] for count in counts.values())
        pending += len([step for step in other if step["state"] in PENDING and (step["entity"], step["original_id"]) not in void])
        failures = len(failed) + len([step for step in other if step["state"] == "failed"])
        code = 3 if failures else 1 if pending else 0
        if plan["exit"] != code:
            wrong.append(f"exit code {plan['exit']}, not {code}")
        if plan["said"]["complete"] != (pending == 0):
            wrong.append(f"complete is {plan['said']['complete']}, and {pending} are pending")
        listed = {(row["entity"], int(row["original_id"])): int(row["new_id"]) for row in plan["ids"] or []}
        wrong += [f"ids.csv and the ledger differ over {subject}" for subject in listed.keys() | ids.keys() if listed.get(subject) != ids.get(subject)]
        named = {(row["entity"], int(row["original_id"])) for row in plan["failures"] or []}
        should = void | {(step["entity"], step["original_id"]) for step in other if step["state"] == "failed"}
        wrong += [f"failures.csv and the ledger differ over {subject}" for subject in named ^ should]
        returned = {(kind, int(row["ID"])) for kind, table in plan["returned"].items() for row in table if row["ID"]}
        wrong += [f"failed/ and the ledger differ over {subject}" for subject in returned ^ void]
        looked_at += len(listed) + len(named) + len(returned)
    return wrong, looked_at


def i10_limits_are_kept(case):
    """By the times at which requests came in, all runs together: the bucket is the portal's. After a refusal each run waits for itself."""
    wrong, hits = [], case["hits"] or []
    times = sorted(hit["at"] for hit in hits)
    for first in range(len(times)):
        for last in range(first + BUCKET, len(times)):
            allowed = BUCKET + DRAIN * int(times[last] - times[first])
            if last - first + 1 > allowed:
                wrong.append(f"{last - first + 1} requests within {times[last] - times[first]:.2f} s, where {allowed} are allowed")
                break
    for run in {hit["run"] for hit in hits}:
        own = [hit for hit in hits if hit["run"] == run]
        times = [hit["at"] for hit in own]
        for hit in own:
            soon = [at for at in times if hit["answered"] < at < hit["answered"] + PAUSE_AFTER_REFUSAL]
            if hit["code"] == "QUERY_LIMIT_EXCEEDED" and len(soon) > 1:
                wrong.append(f"run {run}: {len(soon)} requests within {PAUSE_AFTER_REFUSAL} s after a 503")
        wrong += [f"run {run}: the portal itself refused: {hit['code']}" for hit in own
                  if hit["code"] in ("QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT") and not hit["ours"]]
    return wrong, len(hits)


INVARIANTS = {
    "I1": ("each planned key created exactly once", i1_each_planned_key_created_exactly_once),
    "I2": ("no key and no source id twice", i2_no_key_and_no_source_id_twice),
    "I3": ("journal and ledger are a bijection", i3_journal_and_ledger_are_a_bijection),
    "I4": ("read-back equals plan", i4_read_back_equals_plan),
    "I5": ("others byte-identical", i5_others_are_byte_identical),
    "I6": ("links point at new ids", i6_links_point_at_new_ids),
    "I7": ("journal's moves legal, chain intact", i7_journal_moves_are_legal_and_chained),
    "I8": ("canary absent", i8_canary_is_absent),
    "I9": ("exit code, summary and files equal the ledger", i9_exit_code_summary_and_files_equal_the_ledger),
    "I10": ("limits kept", i10_limits_are_kept),
}
# Asked only where there is something to look at: a secret that was planted, a log of requests.
NEEDS = {"I8": "canary", "I10": "hits"}


class Broken(AssertionError):
    """An invariant doesn't hold."""


def objections(case):
    """Name -> (objections, things looked at); what there is no evidence for is left out."""
    asked = {name: check for name, (_, check) in INVARIANTS.items() if case.get(NEEDS.get(name, "ledger")) is not None}
    return {name: check(case) for name, check in asked.items()}


def judge(case):
    """Raises `Broken` with all objections. Name -> things looked at."""
    found = objections(case)
    broken = [f"{name} {INVARIANTS[name][0]}: {text}" for name, (wrong, _) in found.items() for text in wrong[:8]]
    if broken:
        raise Broken("\n  ".join(["broken:", *broken]))
    return {name: looked_at for name, (_, looked_at) in found.items()}


class Tally:
    """How often each invariant was asserted, and over how many things."""

    def __init__(self):
        self.stories, self.things = collections.Counter(), collections.Counter()

    def add(self, looked_at):
        for name, things in looked_at.items():
            self.stories[name] += 1
            self.things[name] += things

    def table(self):
        lines = ["| invariant | stories | things looked at | broken |", "|---|---|---|---|"]
        lines += [f"| {name} {text} | {self.stories[name]} | {self.things[name]:,} | 0 |" for name, (text, _) in INVARIANTS.items()]
        return "\n".join(lines)


# --- The self-test: a checker that can't fail proves nothing ----------------------------------------------------------------------------

def doctorings():
    """Invariant -> what is done to the evidence of a good run so that it must fall."""
    def step(case, **wanted):
        return next(each for each in case["plans"][0]["steps"] if all(each[name] == value for name, value in wanted.items()))

    def entry(case):
        return next(row for row in case["ledger"] if row["action"] == "create")

    def another(case):
        row = copy.deepcopy(entry(case))
        row["entity_id"] = str(int(row["entity_id"]) + 5000)
        case["ledger"].append(row)

    def twin(case):
        row = entry(case)
        for form in case["after"][row["entity"]].values():
            form[7777777] = copy.deepcopy(form[int(row["entity_id"])])

    def forget_entry(case):
        case["ledger"].remove(entry(case))

    def forget_record(case):
        row = entry(case)
        for form in case["after"][row["entity"]].values():
            del form[int(row["entity_id"])]

    def other_new_id(case):
        step(case, kind="create", state="done")["portal_id"] += 9000

    def change_created(case):
        row = next(row for row in case["ledger"] if row["action"] == "create" and row["entity"] == "company")
        case["after"]["company"]["item"][int(row["entity_id"])]["comments"] = "otra cosa"

    def change_created_unseen_by_the_plan(case):
        row = next(row for row in case["ledger"] if row["action"] == "create" and row["entity"] == "lead")
        case["after"]["lead"]["classic"][int(row["entity_id"])]["ADDRESS_CITY"] = "Puebla"

    def unnamed(case):
        named = {action["portal_id"] for action in case["plans"][0]["actions"] if action["action"] == "relink" and action["entity"] == "deal"}
        return min(set(case["before"]["deal"]["classic"]) - named)

    def change_other(case):
        id = unnamed(case)
        case["after"]["deal"]["classic"][id]["COMMENTS"] = "otra cosa"

    def lose_other(case):
        del case["after"]["lead"]["classic"][min(case["before"]["lead"]["classic"])]

    def update_other(case):
        id = unnamed(case)
        case["ledger"].append({**entry(case), "action": "update", "entity": "deal", "entity_id": str(id), "method": "crm.item.update"})

    def linked(case):
        plan = case["plans"][0]
        action = next(action for action in creates(plan) if action.get("links"))
        ids = new_ids(case)
        return action, case["after"][action["entity"]]["item"][ids[action["entity"], action["original_id"]]]

    def old_link(case):
        action, item = linked(case)
        item[action["links"][0]["field"]] = action["links"][0]["original_id"]

    def unlinked(case):
        action = next(action for action in case["plans"][0]["actions"] if action["action"] == "relink")
        case["after"][action["entity"]]["item"][action["portal_id"]][action["links"][0]["field"]] = None

    def dead_link(case):
        row = next(row for row in case["ledger"] if row["action"] == "create" and row["entity"] == "deal")
        case["after"]["deal"]["classic"][int(row["entity_id"])]["COMPANY_ID"] = "999999"

    def log(case, change):
        change(case["plans"][0]["log"])

    def resent(rows):
        # An unclear answer that is sent again without a look-up, with a chain that is right.
        at = next(at for at, row in enumerate(rows) if row["to_state"] == "done")
        rows[at]["to_state"], rows[at]["detail"] = "unknown", "unclear answer"
        more = [{**rows[at], "from_state": one, "to_state": other, "detail": text}
                for one, other, text in (("unknown", "intent", "attempt 2"), ("intent", "done", "created 1"))]
        rows[at + 1:at + 1] = more
        chained(rows)

    def too_early(rows):
        at = next(at for at, row in enumerate(rows) if row["to_state"] == "done")
        rows[at]["to_state"], rows[at]["detail"] = "unknown", "unclear answer"
        more = [{**rows[at], "from_state": one, "to_state": other, "detail": text}
                for one, other, text in (("unknown", "planned", "looked up twice, not there"), ("planned", "intent", "attempt 2"), ("intent", "done", "created 1"))]
        rows[at + 1:at + 1] = more
        chained(rows)

    def chained(rows):
        chain = ""
        for at, row in enumerate(rows):
            row["seq"] = at + 1
            chain = row["hash"] = hashlib.sha256(f"{chain}|{row['at']}|{row['step']}|{row['from_state']}|{row['to_state']}|{row['detail']}".encode()).hexdigest()

    def hit(at, **more):
        return {"run": 1, "at": at, "answered": at + 0.01, "method": "batch", "code": "", "ours": False, **more}

    def hits(*rows):
        return lambda case: case.update(hits=list(rows))

    def leak(text):
        return lambda case: case["texts"].update(file=b"..." + text + b"...")

    def plan(change):
        return lambda case: change(case["plans"][0])

    def summary(case):
        case["plans"][0]["said"]["entities"]["lead"]["created"] += 1

    secret = "c4naryQ7x9Zt2mWqRk5vBn3Lp8Js6Hd1"
    doctored = {
        "I1": [another, forget_entry, lambda case: step(case, kind="create", state="done").update(state="unknown"),
               lambda case: case["csv"]["deal"].append(424242), plan(lambda one: one["actions"].pop(0))],
        "I2": [twin, plan(lambda one: one["ids"].append(one["ids"][0])), plan(lambda one: step({"plans": [one]}, kind="create", seq=1).update(portal_id=one["steps"][0]["portal_id"]))],
        "I3": [other_new_id, another, forget_entry, forget_record, lambda case: step(case, kind="create", state="done").update(state="planned")],
        "I4": [change_created, change_created_unseen_by_the_plan],
        "I5": [change_other, lose_other, update_other],
        "I6": [old_link, dead_link, unlinked],
        "I7": [lambda case: log(case, lambda rows: rows[3].update(detail="x")), lambda case: log(case, lambda rows: rows.pop(2)),
               lambda case: log(case, lambda rows: rows.pop()), lambda case: log(case, resent), lambda case: log(case, too_early),
               plan(lambda one: one["meta"].update(plan="0" * 64)), plan(lambda one: one["steps"][0].update(attempts=7)),
               plan(lambda one: one.update(integrity="row 3 missing from index"))],
        "I8": [leak(needle) for _, needle in disguises(secret)] + [leak(base64.b64encode(b"x" * pad + secret.encode() + b"yy")) for pad in range(3)],
        "I9": [summary, plan(lambda one: one.update(exit=1)), plan(lambda one: one["said"].update(complete=False)), plan(lambda one: one["ids"].pop()),
               plan(lambda one: one["ids"][0].update(new_id="31337")), plan(lambda one: one["failures"].append(one["ids"][0])),
               plan(lambda one: one["returned"].update(lead=[{"ID": "5"}])), plan(lambda one: one.update(said=None))],
        "I10": [hits(*[hit(0.01 * at) for at in range(51)]), hits(*[hit(0.1 * at) for at in range(90)]), hits(hit(0.0, code="QUERY_LIMIT_EXCEEDED")),
                hits(hit(0.0, code="OPERATION_TIME_LIMIT")), hits(hit(0.0, code="QUERY_LIMIT_EXCEEDED", ours=True), hit(0.2), hit(0.3))],
    }
    return secret, doctored


def self_test():
    from world import Loss

    secret, doctored = doctorings()
    with tempfile.TemporaryDirectory() as name:
        with Loss(Path(name) / "loss").copy(Path(name) / "story") as world:
            world.finish(world.plan("plan", "--relink"))
            case = world.evidence(150.0, hits=[], canary=secret)
    good = objections(case)
    assert not any(wrong for wrong, _ in good.values()), good
    kept, seen = pickle.dumps(case), 0
    for invariant, changes in doctored.items():
        for number, change in enumerate(changes, 1):
            bad = pickle.loads(kept)
            change(bad)
            fallen = [name for name, (wrong, _) in objections(bad).items() if wrong]
            assert invariant in fallen, f"{invariant} didn't see doctoring {number}; fallen: {fallen}"
            seen += 1
    print(f"checker: a good run passes all ten; {seen} doctorings, each seen by its invariant")


if __name__ == "__main__":
    if sys.argv[1:] != ["--self-test"]:
        sys.exit("checker.py --self-test")
    self_test()
