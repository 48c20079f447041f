//! Argument groups that commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::pipeline::Overriding;
use crate::report::Language;

/// What is printed, and in which language.
#[derive(Debug, Clone, Default, Args)]
pub struct Output {
    /// Print a machine-readable result on stdout, and nothing else there.
    #[arg(long, global = true)]
    pub json: bool,
    /// Print results only, no progress and no notes.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Say what is being done; twice for every request.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// The language of messages and reports (default: the system's).
    #[arg(long, global = true, value_name = "en|es")]
    pub lang: Option<Lang>,
}

/// A language by its code.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Lang {
    /// English.
    En,
    /// Spanish.
    Es,
}

impl Output {
    /// The language of this run.
    pub fn language(&self) -> Language {
        match self.lang {
            Some(Lang::En) => Language::En,
            Some(Lang::Es) => Language::Es,
            None => super::lang::of_the_system(),
        }
    }
}

/// How the portal is reached.
#[derive(Debug, Clone, Args)]
pub struct Portal {
    /// A file that holds the webhook's address, or the keys of a local application (JSON, rewritten when Bitrix24 gives new
    /// ones); else the variable `B24_WEBHOOK`.
    #[arg(long, value_name = "PATH")]
    pub webhook_file: Option<PathBuf>,
    /// Which limits the portal has; `none` is taken for a local portal only.
    #[arg(long = "portal-limits", value_enum, default_value = "standard", value_name = "standard|enterprise|none")]
    pub limits: Limits,
    /// How much of the portal's limits to use; the rest is left to the people at work.
    #[arg(long, value_name = "PCT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub api_share: u8,
    /// Certificates (PEM) to trust besides the system's: a company's own, for a portal on its own servers.
    #[arg(long, value_name = "PATH")]
    pub ca_file: Option<PathBuf>,
}

/// The limits of a portal's subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Limits {
    /// 50 requests at once, 2 a second.
    Standard,
    /// 250 requests at once, 5 a second.
    Enterprise,
    /// No limit: a local portal.
    None,
}

/// What is said of the files: VALUE for all of them, or FILE=VALUE for one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What the files are, where it is not as detected (VALUE for all, FILE=VALUE for one)")]
pub struct Files {
    /// What a file holds: lead, contact, company or deal.
    #[arg(long, value_name = "[FILE=]TYPE")]
    pub entity: Vec<String>,
    /// A file's delimiter.
    #[arg(long, value_name = "[FILE=]CHAR")]
    pub delimiter: Vec<String>,
    /// A file's encoding, such as UTF-8 or windows-1252.
    #[arg(long, value_name = "[FILE=]LABEL")]
    pub encoding: Vec<String>,
    /// The order of day, month and year: dmy, mdy or ymd.
    #[arg(long, value_name = "[FILE=]ORDER")]
    pub date_order: Vec<String>,
    /// The language of the column titles (es, en, ru ...), or codes.
    #[arg(long, value_name = "[FILE=]LANG")]
    pub language: Vec<String>,
    /// How cells are quoted: doubled (""), backslash (\\") or none.
    #[arg(long, value_name = "[FILE=]STYLE")]
    pub quoting: Vec<String>,
    /// What ends a line: any, lf or cr.
    #[arg(long, value_name = "[FILE=]END")]
    pub line_ends: Vec<String>,
    /// The line of the column titles, from 1; what stands above it is left out.
    #[arg(long, value_name = "[FILE=]N")]
    pub header_line: Vec<String>,
    /// The sign before decimals: point (1,234.56) or comma (1.234,56).
    #[arg(long, value_name = "[FILE=]STYLE")]
    pub numbers: Vec<String>,
    /// What cells of dictionaries and users hold: codes or labels.
    #[arg(long, value_name = "[FILE=]MEANING")]
    pub cells: Vec<String>,
    /// Which field a column is.
    #[arg(long, value_name = "COLUMN=FIELD")]
    pub map: Vec<String>,
    /// A column to leave out: neither compared nor written.
    #[arg(long, value_name = "COLUMN")]
    pub ignore: Vec<String>,
    /// A file that says all this, as --save-mapping writes it; flags go before it.
    #[arg(long, value_name = "FILE.toml")]
    pub mapping: Option<PathBuf>,
    /// Write down which column is which field, and what was said, for the next time.
    #[arg(long, value_name = "FILE.toml")]
    pub save_mapping: Option<PathBuf>,
}

impl From<&Files> for Overriding {
    fn from(files: &Files) -> Self {
        Self {
            flags: vec![
                ("entity", files.entity.clone()),
                ("delimiter", files.delimiter.clone()),
                ("encoding", files.encoding.clone()),
                ("date-order", files.date_order.clone()),
                ("language", files.language.clone()),
                ("quoting", files.quoting.clone()),
                ("line-ends", files.line_ends.clone()),
                ("header-line", files.header_line.clone()),
                ("numbers", files.numbers.clone()),
                ("cells", files.cells.clone()),
            ],
            map: files.map.clone(),
            ignore: files.ignore.clone(),
            mapping: files.mapping.clone(),
            save_mapping: files.save_mapping.clone(),
        }
    }
}
