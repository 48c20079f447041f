//! What the tests of this room build their records with.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;

use crate::model::{
    Currency, EntityType, Entry, FieldDef, FieldType, FileRecord, LiveRecord, OriginalId, Pipeline, PortalId, Record, Schema,
    User, UserId, Value, Writing,
};

use super::{Current, Files, Judge, JudgeOptions, Judged, Links, Names, Target, Verdict};

/// A record under construction.
pub struct Build<I>(Record<I>);

pub fn live(entity: EntityType, id: u64) -> Build<PortalId> {
    Build(LiveRecord::new(entity, PortalId(id)))
}

pub fn file(entity: EntityType, id: u64) -> Build<OriginalId> {
    Build(FileRecord::new(entity, OriginalId(id)))
}

impl<I> Build<I> {
    pub fn with(mut self, code: &str, value: Value) -> Self {
        self.0.set(code.into(), value);
        self
    }

    pub fn text(self, code: &str, text: &str) -> Self {
        self.with(code, Value::Text(text.into()))
    }

    pub fn texts(self, code: &str, texts: &[&str]) -> Self {
        self.with(code, Value::List(texts.iter().map(|text| Value::Text((*text).into())).collect()))
    }

    pub fn code(self, code: &str, text: &str) -> Self {
        self.with(code, Value::Code(text.into()))
    }

    pub fn link(self, code: &str, id: u64) -> Self {
        self.with(code, Value::Link(id))
    }

    pub fn name(self, code: &str, name: &str) -> Self {
        self.with(code, Value::Name(name.into()))
    }

    pub fn user(self, code: &str, id: u64) -> Self {
        self.with(code, Value::User(UserId(id)))
    }

    pub fn number(self, code: &str, text: &str) -> Self {
        self.with(code, number(text))
    }

    pub fn born(self, text: &str) -> Self {
        let value = if text.ends_with('Z') { moment(text) } else { clock(text) };
        self.with("DATE_CREATE", value)
    }

    pub fn done(self) -> Record<I> {
        self.0
    }
}

pub fn number(text: &str) -> Value {
    Value::Number(text.parse().expect("a number"))
}

pub fn clock(text: &str) -> Value {
    Value::Clock(text.parse().expect("a clock"))
}

pub fn moment(text: &str) -> Value {
    Value::Moment(text.parse().expect("a moment"))
}

pub fn date(text: &str) -> Value {
    Value::Date(text.parse().expect("a day"))
}

pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone of the database")
}

/// A small portal: two pipelines, some directories, users 1 Ana Ruiz, 2 Luis Gómez, and custom fields of every type.
pub fn schema() -> Schema {
    let mut schema = Schema::standard();
    let mut directory = |name: &str, entries: &[(&str, &str)]| {
        let entry = |(code, name): &(&str, &str)| Entry { code: (*code).into(), name: (*name).into(), semantics: String::new() };
        schema.directories.insert(name.into(), entries.iter().map(entry).collect());
    };
    directory("STATUS", &[("NEW", "Sin asignar"), ("IN_PROCESS", "En Progreso")]);
    directory("SOURCE", &[("CALL", "Llamada"), ("WEB", "Sitio Web")]);
    directory("HONORIFIC", &[("HNR_LA_1", "Sr."), ("HNR_LA_2", "Sra.")]);
    directory("DEAL_STAGE", &[("NEW", "Nuevo"), ("WON", "Ganado")]);
    directory("DEAL_STAGE_9", &[("C9:NEW", "Nuevo"), ("C9:WON", "Ganado")]);
    schema.pipelines = vec![Pipeline { id: 0, name: "General".into() }, Pipeline { id: 9, name: "Mayoreo".into() }];
    schema.currencies = vec![
        Currency { code: "MXN".into(), name: "Peso Mexicano".into(), base: true },
        Currency { code: "USD".into(), name: "Dólar US".into(), base: false },
    ];
    let user = |id, name: &str, last: &str| User {
        id: UserId(id),
        name: name.into(),
        second_name: String::new(),
        last_name: last.into(),
        login: String::new(),
        active: true,
    };
    schema.users = vec![user(1, "Ana", "Ruiz"), user(2, "Luis", "Gómez")];
    let custom = |code: &str, kind: FieldType, multiple| FieldDef {
        code: code.into(),
        universal: String::new(),
        kind,
        multiple,
        writing: Writing::Import,
        portal_own: false,
        labels: Vec::new(),
        items: vec![("81".into(), "Rojo".into()), ("82".into(), "Verde".into())],
    };
    for entity in EntityType::ALL {
        schema.fields.entry(entity).or_default().extend([
            custom("UF_MONEY", FieldType::Money, false),
            custom("UF_TEXT", FieldType::Text, false),
            custom("UF_TEXTS", FieldType::Text, true),
            custom("UF_LIST", FieldType::Enumeration, false),
            custom("UF_LISTS", FieldType::Enumeration, true),
            custom("UF_FLAG", FieldType::Flag, false),
            custom("UF_DOUBLE", FieldType::Double, false),
            custom("UF_DATE", FieldType::Date, false),
            custom("UF_MOMENT", FieldType::Moment, false),
            custom("UF_URL", FieldType::Url, false),
            custom("UF_ADDRESS", FieldType::Address, false),
            custom("UF_CRM", FieldType::Binding, true),
            custom("UF_FILE", FieldType::File, false),
            custom("UF_USER", FieldType::User, false),
        ]);
    }
    schema
}

/// Links that a test knows by heart.
#[derive(Default)]
pub struct Known {
    live: HashMap<(EntityType, u64), u64>,
    names: HashMap<(EntityType, String), Vec<Target>>,
    returned: HashSet<(EntityType, u64)>,
    unread: HashSet<EntityType>,
}

impl Known {
    pub fn live(mut self, entity: EntityType, original: u64, now: u64) -> Self {
        self.live.insert((entity, original), now);
        self
    }

    pub fn named(mut self, entity: EntityType, name: &str, targets: &[Target]) -> Self {
        self.names.insert((entity, name.into()), targets.to_vec());
        self
    }

    pub fn returned(mut self, entity: EntityType, now: u64) -> Self {
        self.returned.insert((entity, now));
        self
    }

    pub fn unread(mut self, entity: EntityType) -> Self {
        self.unread.insert(entity);
        self
    }
}

impl Links for Known {
    fn live(&self, entity: EntityType, id: OriginalId) -> Option<PortalId> {
        self.live.get(&(entity, id.0)).map(|id| PortalId(*id))
    }

    fn named(&self, entity: EntityType, name: &str) -> Vec<Target> {
        self.names.get(&(entity, name.to_owned())).cloned().unwrap_or_default()
    }

    fn exists(&self, entity: EntityType, id: PortalId) -> bool {
        self.live.iter().any(|((of, _), now)| *of == entity && *now == id.0)
    }

    fn knows(&self, entity: EntityType) -> bool {
        !self.unread.contains(&entity)
    }

    fn returned(&self, entity: EntityType, id: PortalId) -> bool {
        self.returned.contains(&(entity, id.0))
    }
}

/// A portal and files on one page.
pub struct World {
    pub schema: Schema,
    pub current: Current,
    pub files: Files,
    pub rows: Vec<FileRecord>,
    pub zone: TimeZone,
    pub id_decides: bool,
    pub options: JudgeOptions,
}

impl Default for World {
    fn default() -> Self {
        Self {
            schema: schema(),
            current: Current::default(),
            files: Files::default(),
            rows: Vec::new(),
            zone: TimeZone::UTC,
            id_decides: false,
            options: JudgeOptions::default(),
        }
    }
}

impl World {
    /// A record that the portal has now.
    pub fn live(mut self, record: Build<PortalId>) -> Self {
        self.current.insert(&record.done());
        self
    }

    /// A row of the files, surveyed as the pipeline would.
    pub fn row(mut self, record: Build<OriginalId>) -> Self {
        let record = record.done();
        let names = vec![crate::model::fold(&record.title())];
        self.files.add(record.entity, record.id);
        if let Some(created) = record.get("DATE_CREATE") {
            self.files.set_created(record.entity, record.id, created.clone());
        }
        self.files.add_names(record.entity, record.id, &names);
        self.rows.push(record);
        self
    }

    /// The newest moment of the files of a type.
    pub fn newest(mut self, entity: EntityType, text: &str) -> Self {
        self.files.set_newest(entity, moment(text));
        self
    }

    /// All rows judged and settled, in their order, with what `look` makes of the answers.
    pub fn judge_and<T>(&self, look: impl FnOnce(&super::Answers<'_>) -> T) -> (Vec<Judged>, T) {
        let names = Names::build(&self.current, &self.files, &self.schema);
        let judge = Judge::new(
            &self.schema,
            &self.current,
            &self.files,
            &names,
            self.zone.clone(),
            self.id_decides,
            self.options.clone(),
        );
        let mut judged: Vec<Judged> = self.rows.iter().cloned().map(|row| judge.judge(row)).collect();
        let looked = look(&judge.settle(&mut judged));
        (judged, looked)
    }

    /// All rows judged and settled, in their order.
    pub fn judge(&self) -> Vec<Judged> {
        self.judge_and(|_| ()).0
    }

    /// The verdicts alone.
    pub fn verdicts(&self) -> Vec<Verdict> {
        self.judge().iter().map(|judged| judged.verdict).collect()
    }
}
