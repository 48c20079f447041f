//! What of the corpus can't be stored: files too large, and things that are no files. Each is answered in bounded memory, and nothing hangs.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::b24::PROGRAM;

/// Only so that a hanging program is told instead of hanging the tests.
const LONGEST: Duration = Duration::from_mins(2);
const MIB: u64 = 1 << 20;
/// The bound for a file of any size.
const MEMORY_MAX: u64 = 256 * MIB;
/// Less than the file that is read in it.
const SMALL: u64 = 80 * MIB;
/// Another user than the one who owns the files.
const NOBODY: u32 = 65_534;

/// What came of a run, and the most memory that it held.
#[derive(Debug)]
struct Watched {
    code: Option<i32>,
    out: String,
    err: String,
    peak: u64,
}

impl Watched {
    #[track_caller]
    fn is_refused(&self, says: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        for says in says {
            assert!(self.err.contains(says), "{says:?} is not in {}", self.err);
        }
    }

    /// What it says of the only file.
    #[track_caller]
    fn file(&self) -> Value {
        assert!(matches!(self.code, Some(0 | 3)), "{self:?}");
        let inspected: Value = serde_json::from_str(&self.out).expect("JSON");
        inspected["files"][0].clone()
    }

    #[track_caller]
    fn holds_at_most(self, bytes: u64) -> Self {
        assert!(self.peak <= bytes, "it held {} MiB, not at most {}", self.peak / MIB, bytes / MIB);
        self
    }
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn program(home: &TempDir, file: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["inspect", "--json", "--lang", "en"]).arg(file).current_dir(home).stdin(Stdio::null());
    command
}

fn inspect(home: &TempDir, file: &Path) -> Watched {
    watch(home, program(home, file))
}

fn watch(home: &TempDir, mut command: Command) -> Watched {
    let [out, err] = ["out", "err"].map(|name| home.path().join(format!(".{name}")));
    let into = |path: &PathBuf| Stdio::from(File::create(path).expect("a file"));
    let mut child = command.stdout(into(&out)).stderr(into(&err)).spawn().expect("the program starts");
    let (code, peak) = end_of(&mut child);
    let text = |path: PathBuf| fs::read_to_string(path).expect("UTF-8");
    Watched { code, out: text(out), err: text(err), peak }
}

/// Waits for a program's end and looks at its memory on the way. The system keeps the highest figure, so that looking seldom misses little.
fn end_of(child: &mut Child) -> (Option<i32>, u64) {
    let (began, mut peak) = (Instant::now(), 0);
    loop {
        peak = peak.max(memory_of(child.id()));
        if let Some(status) = child.try_wait().expect("a child") {
            return (status.code(), peak);
        }
        if began.elapsed() > LONGEST {
            let _ = child.kill();
            panic!("it hangs");
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The most memory that a process has held, where the system says so.
fn memory_of(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or_default() * 1024
}

/// A file that is `begin`, a hole of zero bytes, and `tail`: large at no cost.
fn holed(home: &TempDir, begin: &str, zeros: u64, tail: &str) -> PathBuf {
    let path = home.path().join("leads.csv");
    let mut file = File::create(&path).expect("a file");
    file.write_all(begin.as_bytes()).expect("written");
    file.seek(SeekFrom::Current(zeros as i64)).expect("a hole");
    file.write_all(tail.as_bytes()).expect("written");
    path
}

fn written(home: &TempDir, name: &str, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> PathBuf {
    let path = home.path().join(name);
    let mut file = BufWriter::new(File::create(&path).expect("a file"));
    write(&mut file).and_then(|()| file.flush()).expect("written");
    path
}

#[test]
fn a_quoted_cell_of_a_gibibyte_is_refused_where_it_opens() {
    let home = home();
    let file = holed(&home, "ID;Título de prospecto\n1;Uno\n2;\"", 1024 * MIB, "\"\n");
    inspect(&home, &file).holds_at_most(MEMORY_MAX).is_refused(&["line 3", "Título de prospecto"]);
}

#[test]
fn a_bare_cell_of_many_mebibytes_is_rejected_and_the_rows_behind_it_are_read() {
    let home = home();
    let file = holed(&home, "ID;Título de prospecto\n1;Uno\n2;", 192 * MIB, "\n3;Tres\n");
    let file = inspect(&home, &file).holds_at_most(MEMORY_MAX).file();
    assert_eq!((&file["rows"], &file["rejected"]), (&json!(3), &json!(1)));
}

#[test]
fn an_unclosed_quote_does_not_eat_the_rest_of_a_large_file() {
    let home = home();
    let file = written(&home, "leads.csv", |file| {
        writeln!(file, "ID;Título de prospecto;Comentario\n1;Uno;\"sin fin\n")?;
        (2..900_000).try_for_each(|id| writeln!(file, "{id};Prospecto número {id};Sin comentario alguno"))
    });
    inspect(&home, &file).holds_at_most(MEMORY_MAX).is_refused(&["line 2", "Comentario"]);
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let home = home();
    let comment = "largo ".repeat(2000);
    let file = written(&home, "leads.csv", |file| {
        writeln!(file, "ID;Título de prospecto;Comentario")?;
        (1..8000).try_for_each(|id| writeln!(file, "{id};Prospecto;{comment}"))
    });
    let file = inspect(&home, &file).holds_at_most(SMALL).file();
    assert_eq!((&file["rows"], &file["rejected"]), (&json!(7999), &json!(0)));
}

#[test]
fn ten_thousand_columns_are_read_or_refused_by_their_number() {
    let home = home();
    let file = written(&home, "leads.csv", |file| {
        let line = |file: &mut dyn Write, first: &str, cell: &dyn Fn(usize) -> String| {
            write!(file, "{first}")?;
            (0..10_000).try_for_each(|at| write!(file, ";{}", cell(at))).and_then(|()| writeln!(file))
        };
        line(file, "ID;Título de prospecto", &|at| format!("Campo {at}"))?;
        (1..4).try_for_each(|id| line(file, &format!("{id};Uno"), &|at| at.to_string()))
    });
    let ran = inspect(&home, &file).holds_at_most(MEMORY_MAX);
    if ran.code == Some(1) {
        ran.is_refused(&["10002", "columns"]);
    } else {
        assert_eq!((ran.file()["rows"].clone(), ran.file()["unmapped"].as_array().map(Vec::len)), (json!(3), Some(10_000)));
    }
}

#[test]
fn a_row_of_a_million_empty_cells_is_rejected_by_their_count() {
    let home = home();
    let row = ";".repeat(1_000_000);
    let file = written(&home, "leads.csv", |file| write!(file, "ID;Título de prospecto\n1;Uno\n2{row}\n3;Tres\n"));
    let file = inspect(&home, &file).holds_at_most(MEMORY_MAX).file();
    assert_eq!((&file["rows"], &file["rejected"]), (&json!(3), &json!(1)));
}

#[test]
fn a_header_of_a_million_empty_titles_does_not_hang() {
    let home = home();
    let row = ";".repeat(1_000_000);
    let file = written(&home, "leads.csv", |file| write!(file, "ID;Título de prospecto{row}\n1;Uno{row}\n"));
    let ran = inspect(&home, &file).holds_at_most(MEMORY_MAX);
    assert!(matches!(ran.code, Some(0 | 1 | 3)), "{ran:?}");
}

#[test]
fn a_bomb_of_zeros_is_refused_long_before_it_is_unpacked() {
    let home = home();
    for (name, piece) in [("zeros.csv.gz", vec![0; MIB as usize]), ("rows.csv.gz", b"1;Uno\n".repeat(170_000))] {
        let file = written(&home, name, |file| {
            let mut packed = GzEncoder::new(file, Compression::best());
            packed.write_all("ID;Título de prospecto\n".as_bytes())?;
            (0..300).try_for_each(|_| packed.write_all(&piece))?;
            packed.finish().map(drop)
        });
        inspect(&home, &file).holds_at_most(MEMORY_MAX).is_refused(&[name]);
    }
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let home = home();
    let folder = home.path().join("exportaciones");
    fs::create_dir(&folder).expect("a directory");
    inspect(&home, &folder).is_refused(&["directory"]);
    for device in ["/dev/zero", "/dev/null", "/dev/full"] {
        inspect(&home, Path::new(device)).holds_at_most(MEMORY_MAX).is_refused(&[device]);
    }
    let [one, other] = ["uno.csv", "otro.csv"].map(|name| home.path().join(name));
    symlink(&one, &other).and_then(|()| symlink(&other, &one)).expect("links");
    inspect(&home, &one).is_refused(&["uno.csv"]);
    symlink("/no/such/file.csv", home.path().join("roto.csv")).expect("a link");
    inspect(&home, &home.path().join("roto.csv")).is_refused(&["no such file"]);
}

#[test]
fn a_link_to_a_file_is_the_file() {
    let home = home();
    let file = written(&home, "leads.csv", |file| write!(file, "ID;Título de prospecto\n1;Uno\n"));
    let link = home.path().join("enlace.csv");
    symlink(&file, &link).expect("a link");
    assert_eq!(inspect(&home, &link).file()["rows"], 1);
}

#[test]
fn a_pipe_is_read_to_its_end_and_so_is_standard_input() {
    let home = home();
    let rows = |file: &mut dyn Write| {
        writeln!(file, "ID;Título de prospecto")?;
        (1..50_000).try_for_each(|id| writeln!(file, "{id};Prospecto número {id}"))
    };
    let pipe = home.path().join("leads.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let ran = thread::scope(|scope| {
        let writer = scope.spawn(|| rows(&mut BufWriter::new(File::create(&pipe).expect("a pipe"))));
        let ran = inspect(&home, &pipe);
        writer.join().expect("a writer").expect("written");
        ran
    });
    assert_eq!((&ran.file()["rows"], &ran.file()["rejected"]), (&json!(49_999), &json!(0)));
    let stored = written(&home, "stored.csv", rows);
    let mut command = program(&home, Path::new("-"));
    command.stdin(File::open(stored).expect("a file"));
    assert_eq!(watch(&home, command).file()["rows"], 49_999);
}

#[test]
fn a_file_that_may_not_be_read_is_named_with_that_reason() {
    let home = home();
    let file = written(&home, "leads.csv", |file| write!(file, "ID;Título de prospecto\n1;Uno\n"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).expect("a mode");
    let mut command = program(&home, &file);
    // The superuser may read everything, so the program runs as nobody then: from a place where nobody may come.
    if File::open(&file).is_ok() {
        fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).expect("a mode");
        let copy = home.path().join("program");
        fs::copy(PROGRAM, &copy).expect("a copy");
        command = Command::new(copy);
        command.args(["inspect", "--lang", "en"]).arg(&file).current_dir(&home).uid(NOBODY).gid(NOBODY);
    }
    watch(&home, command).is_refused(&["leads.csv", "no right to read it"]);
}

#[test]
fn odd_file_names_are_taken_and_shown_harmless() {
    let home = home();
    let long = format!("{}.csv", "n".repeat(250));
    let names: [&[u8]; 5] = [b"con\nsalto.csv", b"\xff\xfe.csv", b"\x1b[2J.csv", long.as_bytes(), "–-ñ '\"$(id).csv".as_bytes()];
    for name in names {
        let path = home.path().join(OsStr::from_bytes(name));
        fs::write(&path, "ID;Título de prospecto\n1;Uno\n").expect("a file");
        let ran = inspect(&home, &path);
        assert_eq!(ran.file()["rows"], 1);
        assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'));
        fs::write(&path, "").expect("a file");
        let ran = inspect(&home, &path);
        ran.is_refused(&["the file is empty"]);
        assert!(!ran.err.contains('\x1b') && !ran.err.trim_end().contains('\n'), "{:?}", ran.err);
    }
}

#[test]
fn a_letter_cut_by_the_buffer_is_one_letter_in_every_encoding() {
    let home = home();
    // Whatever the reader's buffer is, a letter lies across its edge: every place of the file is one within a letter of several bytes.
    let text = |shift: usize| format!("ID;Título de prospecto\n1;{}{}\n2;fin\n", "x".repeat(shift), "ñ😀€".repeat(180_000));
    for shift in 0..3 {
        let utf8 = text(shift).into_bytes();
        let utf16 = || [0xfeff].into_iter().chain(text(shift).encode_utf16().collect::<Vec<_>>());
        let little: Vec<u8> = utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = utf16().flat_map(u16::to_be_bytes).collect();
        for (encoding, bytes) in [("UTF-8", utf8), ("UTF-16LE", little), ("UTF-16BE", big)] {
            let path = written(&home, "leads.csv", |file| file.write_all(&bytes));
            let file = inspect(&home, &path).file();
            assert_eq!((&file["encoding"], &file["rows"], &file["rejected"]), (&json!(encoding), &json!(2), &json!(0)));
            assert_eq!(file["problems"], json!([]), "shift {shift}");
        }
    }
}
