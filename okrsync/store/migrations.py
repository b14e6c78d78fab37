"""The schema, as numbered migrations of sqlite-utils.

A migration that has left this repository never changes. A new one goes to the end of `STEPS`, with its name in
`okrsync.store.schema.STEPS`. The columns of the views are promised to other people's dashboards: they stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlite_utils import Database, Migrations

from okrsync.store import schema
from okrsync.store.errors import explained
from okrsync.store.session import Session

Step = Callable[[Database], None]


def begin(db: Database) -> None:
    """Every table and view of the first release."""
    db.executescript(_TABLES)
    db.executescript(_STATUS_TABLES)
    db.executescript(_VIEWS)


def check_in_comments(db: Database) -> None:
    """What is needed to read check-ins from comments: where reading goes on, what is to be answered, who entered it."""
    db.executescript(_COMMENT_TABLES)


def notices(db: Database) -> None:
    """What people were told of, and what they are still to be told."""
    db.executescript(_NOTICES)


def missed_items(db: Database) -> None:
    """Since when a linked item was not found: what one reading misses, a second one has to miss too."""
    db.executescript("alter table links add column missed_at text;")


STEPS: tuple[tuple[str, Step], ...] = (
    ("0001_begin", begin),
    ("0002_check_in_comments", check_in_comments),
    ("0003_notices", notices),
    ("0004_missed_items", missed_items),
)


def registered(steps: Iterable[tuple[str, Step]] = STEPS) -> Migrations:
    """The steps as sqlite-utils applies them: each in one transaction with the record of it."""
    migrations = Migrations(schema.MIGRATION_SET)
    for name, step in steps:
        migrations(name=name)(step)
    return migrations


def migrate(
    session: Session, db: Database, founding: tuple[str, str], steps: Iterable[tuple[str, Step]] = STEPS
) -> None:
    """Apply every pending migration, all of them or none, and note `founding` (workspace, okrsync's version).

    One transaction holds them all, taken for writing before it is known what is pending: of two processes that open
    an old cache at once, the second finds the work done.

    Raises:
        CacheError: when the file cannot be written.
    """
    migrations = registered(steps)
    workspace, version = founding
    with explained(session.path), session.transaction():
        migrations.apply(db)
        db.execute(f"pragma user_version = {len(migrations.applied(db))}")
        db.execute(
            "insert into meta (id, workspace, created_at, okrsync) values (1, ?, ?, ?)"
            " on conflict (id) do update set okrsync = excluded.okrsync",
            (workspace, session.now(), version),
        )


_TABLES = """
create table meta (
  id integer primary key check (id = 1),
  workspace text not null,
  created_at text not null,
  okrsync text not null
);

create table links (
  id integer primary key,
  ref text not null,
  kind text not null,
  tracker text not null,
  project text not null,
  item_id text not null,
  item_key text not null,
  url text not null,
  created_at text not null,
  state text not null check (state in ('live', 'gone'))
);
create unique index links_one_live on links (ref) where state = 'live';
create index links_item on links (tracker, item_id);

create table baselines (
  ref text not null,
  attribute text not null,
  value text not null,
  primary key (ref, attribute)
) without rowid;

create table items (
  tracker text not null,
  scope text not null,
  item_id text not null,
  project text not null,
  item text not null,
  primary key (tracker, scope, item_id)
);

create table cursors (
  tracker text not null,
  scope text not null,
  cursor text not null,
  primary key (tracker, scope)
) without rowid;

create table queries (
  id integer primary key,
  tracker text not null,
  query text not null,
  cursor text,
  asked_at text not null,
  unique (tracker, query)
);

create table matches (
  query_id integer not null references queries (id) on delete cascade,
  item_id text not null,
  key text not null,
  url text not null,
  done integer not null check (done in (0, 1)),
  field_values text,
  primary key (query_id, item_id)
) without rowid;

create table pages (
  tracker text not null,
  credential text not null,
  key text not null,
  etag text not null,
  body text not null,
  fetched_at text not null,
  used_at text not null,
  primary key (tracker, credential, key)
);

create table observation (
  id integer primary key,
  ref text not null,
  value real,
  observed_at text not null,
  source text not null,
  evidence text
);
create index observation_ref on observation (ref, observed_at);

create table current_values (
  ref text primary key,
  value real,
  observed_at text,
  seen_at text,
  source text not null,
  evidence text,
  problem text
);

create table terms (
  id integer primary key,
  ref text not null,
  since text not null,
  terms text not null
);
create index terms_ref on terms (ref, since);

create table check_ins (
  id integer primary key,
  ref text not null,
  at text not null,
  author text not null,
  value real,
  confidence real check (confidence between 0 and 1),
  note text not null,
  obstacles text not null,
  help text not null,
  origin text not null check (origin in ('cli', 'comment')),
  sent integer not null check (sent in (0, 1)),
  remote_id text,
  unique (ref, remote_id)
);
create index check_ins_ref on check_ins (ref, at);

create table runs (
  id integer primary key,
  kind text not null,
  started_at text not null,
  finished_at text,
  exit_code integer,
  requests integer not null default 0,
  changes_made integer not null default 0,
  held integer not null default 0,
  problems text not null default '[]'
);

create table outbox (
  id integer primary key autoincrement,
  run_id integer references runs (id) on delete set null,
  ref text not null,
  action text not null,
  payload text not null,
  state text not null check (state in ('intended', 'done', 'failed', 'unsettled')),
  intended_at text not null,
  settled_at text,
  item_id text,
  error text
);
create index outbox_open on outbox (id) where state in ('intended', 'unsettled');
create index outbox_run on outbox (run_id);

create table kept_texts (
  name text primary key,
  body text not null,
  checksum integer not null
);
"""

_STATUS_TABLES = """
create table status_objectives (
  ref text primary key,
  cycle text not null,
  as_of text not null,
  title text not null,
  level text not null,
  team text,
  owner text,
  origin text not null,
  stage text not null,
  progress real,
  coverage real not null,
  expected real not null,
  health text not null,
  stale integer not null,
  tracker text,
  key text,
  url text,
  audience text not null
);

create table status_key_results (
  ref text primary key,
  objective_ref text not null references status_objectives (ref) on delete cascade,
  cycle text not null,
  as_of text not null,
  title text not null,
  kind text not null,
  unit text not null,
  baseline real,
  target real,
  current real,
  raw_progress real,
  progress real,
  weight real not null,
  confidence real,
  health text not null,
  stale integer not null,
  observed_at text,
  source text,
  tracker text,
  key text,
  url text,
  audience text not null
);
create index status_key_results_objective on status_key_results (objective_ref);

create table status_alignment (
  child_ref text not null,
  parent_ref text not null,
  contributes integer not null,
  unique (child_ref, parent_ref)
);
"""

_VIEWS = """
create view objective_status as
select meta.workspace, status.cycle, status.as_of, status.ref, status.title, status.level, status.team, status.owner,
  status.origin, status.stage, status.progress, status.coverage, status.expected, status.health, status.stale,
  status.tracker, status.key, status.url, status.audience
from status_objectives as status, meta;

create view key_result_status as
select meta.workspace, status.cycle, status.as_of, status.ref, status.objective_ref, status.title, status.kind,
  status.unit, status.baseline, status.target, status.current, status.raw_progress, status.progress, status.weight,
  status.confidence, status.health, status.stale, status.observed_at, status.source, status.tracker, status.key,
  status.url, status.audience
from status_key_results as status, meta;

create view observations as
select ref, value, observed_at, source, evidence from observation;

create view alignment as
select child_ref, parent_ref, contributes from status_alignment;

create view sync_runs as
select id, kind, started_at, finished_at, exit_code, requests, changes_made, held, problems from runs;
"""

_COMMENT_TABLES = """
alter table check_ins add column entered_by text not null default '';
create index check_ins_comment on check_ins (remote_id);

create table comment_cursors (
  tracker text primary key,
  cursor text not null
) without rowid;

create table comment_answers (
  tracker text not null,
  comment_id text not null,
  ref text not null,
  answer text not null,
  given integer not null check (given in (0, 1)),
  primary key (tracker, comment_id)
) without rowid;
"""

_NOTICES = """
create table notices (
  channel text not null,
  subject text not null,
  told text,
  waiting text,
  primary key (channel, subject)
) without rowid;
"""
