"""Asks the service at argv[1] with Feast's own client and prints, as JSON, what it sent, what it was answered and what it made of that.

Run by record.ts, which says how. Needs `feast==0.67.*`.
"""

import json
import sys
from importlib.metadata import version

import requests
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource
from feast.errors import FeastError
from feast.infra.online_stores.remote import RemoteOnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import RepoConfig
from feast.types import Float64, Int64
from feast.value_type import ValueType

URL = sys.argv[1]
ALL = ["count_1h", "mean_delay_3h", "late_share_24h"]
traffic: list[dict] = []
send = requests.Session.send


def listen(session, request, **options):
    response = send(session, request, **options)
    headers = {
        name.lower(): value
        for name, value in request.headers.items()
        if name.lower() in ("user-agent", "accept", "content-type")
    }
    traffic.append(
        {
            "path": request.path_url,
            "headers": headers,
            "body": json.loads(request.body),
            "status": response.status_code,
            "answer": response.json(),
        }
    )
    return response


requests.Session.send = listen
config = RepoConfig(
    project="flights",
    registry="unused.db",
    provider="local",
    online_store={"type": "remote", "path": URL},
    entity_key_serialization_version=3,
)
store = FeatureStore(config=config)
airport = Entity(name="airport", join_keys=["airport"], value_type=ValueType.STRING)
landings = FeatureView(
    name="airport-landings",
    entities=[airport],
    schema=[
        Field(name="count_1h", dtype=Int64),
        Field(name="mean_delay_3h", dtype=Float64),
        Field(name="late_share_24h", dtype=Float64),
    ],
    source=FileSource(path="unused.parquet", timestamp_field="event_timestamp"),
)


def of(view: str, names: list[str] = ALL) -> list[str]:
    return [f"{view}:{name}" for name in names]


def vectors(features, rows, **options) -> dict:
    response = store.get_online_features(features, rows, **options)
    proto = response.proto
    names = list(proto.metadata.feature_names.val)
    kinds = [
        sorted({value.WhichOneof("val") or "none" for value in vector.values})
        for vector in proto.results
    ]
    return {
        "values": response.to_dict(),
        "kinds": dict(zip(names, kinds)),
        "statuses": {
            name: [int(status) for status in vector.statuses]
            for name, vector in zip(names, proto.results)
        },
    }


def stored_rows() -> list:
    keys = [
        EntityKey(join_keys=["airport"], entity_values=[Value(string_val=name)])
        for name in ("ORD", "XXX")
    ]
    rows = RemoteOnlineStore().online_read(config, landings, keys, ALL)
    return [
        {
            "event_timestamp": None if time is None else time.isoformat(),
            "values": {
                name: None
                if value.WhichOneof("val") is None
                else getattr(value, value.WhichOneof("val"))
                for name, value in (values or {}).items()
            },
        }
        for time, values in rows
    ]


ORD_DFW = {"origin": ["ORD", "DFW"], "destination": ["LAX", "LAX"]}
CONTEXT = {"hour": [6, 7], "weekday": [1, 1], "distance": [1745.5, 900]}
risk = FeatureService(name="flight-risk", features=[])
CASES = {
    "one view, two entities": lambda: vectors(
        of("airport-landings"), [{"airport": "ORD"}, {"airport": "DFW"}]
    ),
    "two views under full names": lambda: vectors(
        of("airport-landings", ["count_1h", "count_3h"])
        + of("airport-departures", ["count_1h"]),
        {"airport": ["ORD", "XXX"]},
        full_feature_names=True,
    ),
    "an entity of two keys, and one that is everything": lambda: vectors(
        of("route-landings", ["count_24h"]) + of("network-landings", ["mean_delay_1h"]),
        ORD_DFW,
    ),
    "a feature service": lambda: vectors(risk, {**ORD_DFW, **CONTEXT}),
    "views with their versions": lambda: vectors(
        of("airport-landings"),
        [{"airport": "ORD"}],
        include_feature_view_version_metadata=True,
    ),
    "an unknown view": lambda: vectors(of("airport-landing"), [{"airport": "ORD"}]),
    "an unknown feature": lambda: vectors(
        of("airport-landings", ["cuont_1h"]), [{"airport": "ORD"}]
    ),
    "an unknown feature service": lambda: vectors(
        FeatureService(name="flight-rsk", features=[]), ORD_DFW
    ),
    "two features of one name": lambda: vectors(
        of("airport-landings", ["count_1h"]) + of("airport-departures", ["count_1h"]),
        [{"airport": "ORD"}],
    ),
    "a missing join key": lambda: vectors(of("route-landings"), [{"origin": "ORD"}]),
    "a missing context": lambda: vectors(risk, ORD_DFW),
    "the rows of a view": stored_rows,
}


def run(ask) -> dict:
    traffic.clear()
    try:
        made = {"returned": ask()}
    except (FeastError, RuntimeError) as error:
        made = {"raised": type(error).__name__, "message": str(error)}
    return {"traffic": list(traffic), **made}


def main() -> None:
    cases = {name: run(ask) for name, ask in CASES.items()}
    recorded = {"feast": version("feast"), "cases": cases}
    json.dump(recorded, sys.stdout, indent=1)


main()
