//! Records -> a snapshot directory. It is written beside its place and moved there when it is whole.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tempfile::TempDir;

use super::cell;
use super::error::{SnapshotError, SnapshotErrorKind};
use super::manifest::{FORMAT, FileEntry, MANIFEST, Manifest, SCHEMA, file_name, sha256};
use crate::model::{EntityType, FieldCode, LiveRecord, MULTIFIELDS, PortalIdentity, Schema, Value};

/// The columns of product rows.
const PRODUCTS: [&str; 3] = ["PRODUCT_NAME", "PRODUCT_PRICE", "PRODUCT_QUANTITY"];

/// Writes a snapshot. Without [`finish`](Self::finish) nothing of it remains.
#[must_use = "a snapshot that is never finished is removed again"]
pub struct SnapshotWriter {
    place: PathBuf,
    // Dropped before the directory: Windows deletes no file that is open.
    tables: HashMap<EntityType, Table>,
    beside: TempDir,
    portal: PortalIdentity,
    made_at: Timestamp,
    schema: Schema,
}

impl SnapshotWriter {
    /// Begins a snapshot that will be `dir`, which must not exist.
    pub fn create(dir: &Path, portal: &PortalIdentity, schema: &Schema, made_at: Timestamp) -> Result<Self, SnapshotError> {
        if dir.exists() {
            return Err(SnapshotError::new(dir, SnapshotErrorKind::Exists));
        }
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(SnapshotError::io(parent))?;
        let beside =
            tempfile::Builder::new().prefix(".b24restore-snapshot-").tempdir_in(parent).map_err(SnapshotError::io(parent))?;
        let tables = HashMap::new();
        Ok(Self { place: dir.to_owned(), beside, portal: portal.clone(), made_at, schema: schema.clone(), tables })
    }

    /// Writes a record. A field that the first record of its type doesn't have gets its column when it first occurs.
    pub fn write(&mut self, record: &LiveRecord) -> Result<(), SnapshotError> {
        self.table(record.entity, || columns_of(record))?.write(record)
    }

    /// Ends the snapshot: digests, manifest, everything synced, then the directory in its place.
    pub fn finish(mut self) -> Result<Manifest, SnapshotError> {
        for entity in EntityType::ALL {
            // A type without records has a file too: that there were none is a fact.
            let columns: Vec<FieldCode> =
                self.schema.fields.get(&entity).into_iter().flatten().map(|field| field.code.clone()).collect();
            self.table(entity, || columns)?;
        }
        let schema = self.beside.path().join(SCHEMA);
        let json = serde_json::to_vec(&self.schema).map_err(SnapshotError::malformed(&schema))?;
        write_synced(&schema, &json)?;
        let schema_sha256 = sha256(&schema).map_err(SnapshotError::io(&schema))?;
        let mut files = vec![FileEntry { name: SCHEMA.to_owned(), entity: None, records: 1, sha256: schema_sha256 }];
        for entity in EntityType::ALL {
            let Some(table) = self.tables.remove(&entity) else { continue };
            files.push(table.finish()?);
        }
        let manifest = Manifest { format: FORMAT, portal: self.portal, made_at: self.made_at, files };
        let path = self.beside.path().join(MANIFEST);
        let json = serde_json::to_vec_pretty(&manifest).map_err(SnapshotError::malformed(&path))?;
        write_synced(&path, &json)?;
        let moved = fs::rename(self.beside.path(), &self.place);
        moved.map_err(SnapshotError::io(&self.place))?;
        // It is no temporary directory any more, and its old name must not be removed.
        let _ = self.beside.keep();
        Ok(manifest)
    }

    fn table(&mut self, entity: EntityType, columns: impl FnOnce() -> Vec<FieldCode>) -> Result<&mut Table, SnapshotError> {
        match self.tables.entry(entity) {
            std::collections::hash_map::Entry::Occupied(table) => Ok(table.into_mut()),
            std::collections::hash_map::Entry::Vacant(free) => {
                let path = self.beside.path().join(file_name(entity));
                Ok(free.insert(Table::create(entity, path, with_known_columns(entity, &columns()))?))
            }
        }
    }
}

/// The file of one entity type.
struct Table {
    entity: EntityType,
    path: PathBuf,
    columns: Vec<FieldCode>,
    csv: csv::Writer<BufWriter<File>>,
    records: u64,
}

impl Table {
    fn create(entity: EntityType, path: PathBuf, columns: Vec<FieldCode>) -> Result<Self, SnapshotError> {
        let csv = open(&path)?;
        let mut table = Self { entity, path, columns, csv, records: 0 };
        table.write_header()?;
        Ok(table)
    }

    fn write_header(&mut self) -> Result<(), SnapshotError> {
        let header = self.columns.iter().map(FieldCode::as_str);
        self.csv.write_record(header).map_err(SnapshotError::csv(&self.path))
    }

    fn write(&mut self, record: &LiveRecord) -> Result<(), SnapshotError> {
        let missing: Vec<FieldCode> = columns_of(record).into_iter().filter(|code| !self.columns.contains(code)).collect();
        if !missing.is_empty() {
            self.widen(missing)?;
        }
        let mut cells: Vec<String> =
            self.columns.iter().map(|code| record.get(code.as_str()).map_or(String::new(), cell::text)).collect();
        cells[0] = record.id.to_string();
        let products = match record.get("PRODUCTS") {
            Some(Value::Products(rows)) => rows.as_slice(),
            _ => &[],
        };
        // A record with several products has a line for each (csv 4.9).
        for line in 0..products.len().max(1) {
            if let Some(product) = products.get(line) {
                let texts = [product.name.clone(), product.price.to_string(), product.quantity.to_string()];
                for (code, text) in PRODUCTS.iter().zip(texts) {
                    if let Some(at) = self.columns.iter().position(|column| column.as_str() == *code) {
                        cells[at] = text;
                    }
                }
            }
            self.csv.write_record(&cells).map_err(SnapshotError::csv(&self.path))?;
        }
        self.records += 1;
        Ok(())
    }

    /// Adds columns to a file that has lines already. Rare: a portal gives every record of a type the same fields.
    fn widen(&mut self, columns: Vec<FieldCode>) -> Result<(), SnapshotError> {
        let fail = SnapshotError::io(&self.path);
        self.csv.flush().map_err(&fail)?;
        let old = self.path.with_extension("old");
        fs::rename(&self.path, &old).map_err(&fail)?;
        let added = columns.len();
        self.columns.extend(columns);
        self.csv = open(&self.path)?;
        self.write_header()?;
        let mut lines = csv::ReaderBuilder::new().from_path(&old).map_err(SnapshotError::csv(&old))?;
        let mut line = csv::StringRecord::new();
        while lines.read_record(&mut line).map_err(SnapshotError::csv(&old))? {
            let cells = line.iter().chain(std::iter::repeat_n("", added));
            self.csv.write_record(cells).map_err(SnapshotError::csv(&self.path))?;
        }
        fs::remove_file(&old).map_err(&fail)
    }

    fn finish(self) -> Result<FileEntry, SnapshotError> {
        let fail = SnapshotError::io(&self.path);
        let buffered = self.csv.into_inner().map_err(|error| fail(error.into_error()))?;
        let file = buffered.into_inner().map_err(|error| fail(error.into_error()))?;
        file.sync_all().map_err(&fail)?;
        let sha256 = sha256(&self.path).map_err(&fail)?;
        Ok(FileEntry { name: file_name(self.entity), entity: Some(self.entity), records: self.records, sha256 })
    }
}

fn open(path: &Path) -> Result<csv::Writer<BufWriter<File>>, SnapshotError> {
    let file = File::create_new(path).map_err(SnapshotError::io(path))?;
    Ok(csv::Writer::from_writer(BufWriter::new(file)))
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), SnapshotError> {
    let write = || {
        use std::io::Write;
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(SnapshotError::io(path))
}

/// The columns that a record needs, besides its id.
fn columns_of(record: &LiveRecord) -> Vec<FieldCode> {
    record.fields().flat_map(|(code, _)| column_of(code)).collect()
}

fn column_of(code: &FieldCode) -> Vec<FieldCode> {
    match code.as_str() {
        "ID" => Vec::new(),
        "PRODUCTS" => PRODUCTS.map(FieldCode::from).to_vec(),
        _ => vec![code.clone()],
    }
}

/// The id, the given columns, and those of all known multi-fields: a record without phones doesn't have them, and that is a fact.
fn with_known_columns(entity: EntityType, given: &[FieldCode]) -> Vec<FieldCode> {
    let mut columns = vec![FieldCode::from("ID")];
    let multifields =
        MULTIFIELDS.iter().flat_map(|(kind, types)| types.iter().map(move |own| FieldCode::from(format!("{kind}_{own}"))));
    let multifields = multifields.filter(|_| entity != EntityType::Deal);
    for code in given.iter().flat_map(column_of).chain(multifields) {
        if !columns.contains(&code) {
            columns.push(code);
        }
    }
    columns
}
