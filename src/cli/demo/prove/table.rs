//! What was proven, as a table and as JSON.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use super::Tally;
use crate::cli::lang::say;
use crate::report::Language;

/// What is shown at the end.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The seed.
    pub seed: u64,
    /// What came of the proofs.
    pub tally: &'a Tally,
    /// Proofs that were not begun, because the time was up.
    pub left: usize,
    /// Proofs that were asked for.
    pub asked: usize,
    /// Faults that no sandbox can be made to do.
    pub outside: &'a [u8],
    /// How long it took.
    pub seconds: f64,
}

/// One promise.
#[derive(Debug, Serialize)]
struct Line {
    promise: &'static str,
    #[serde(skip)]
    words: (&'static str, &'static str),
    #[serde(skip)]
    done_words: (String, String),
    /// What was done, in English.
    done: String,
    count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doubled: Option<usize>,
    /// Whatever else is wrong.
    wrong: u64,
    held: bool,
}

impl Line {
    fn new(
        promise: &'static str,
        words: (&'static str, &'static str),
        done_words: (String, String),
        count: u64,
        records: Option<(usize, usize)>,
        wrong: u64,
    ) -> Self {
        let (lost, doubled) = records.unzip();
        let held = lost.unwrap_or_default() + doubled.unwrap_or_default() == 0 && wrong == 0;
        Self { promise, words, done: done_words.0.clone(), done_words, count, lost, doubled, wrong, held }
    }
}

impl Shown<'_> {
    /// Whether everything that was tried held, and something was.
    pub fn held(&self) -> bool {
        self.tally.failures.is_empty() && self.left < self.asked && self.lines().iter().all(|line| line.held)
    }

    fn lines(&self) -> Vec<Line> {
        let Tally { cells, cells_done, kills, tamper, pace, failures } = self.tally;
        let all = self.tally.all();
        let failed_of = |kind: &str| failures.iter().filter(|failed| failed.what.starts_with(kind)).count() as u64;
        let failed_cells = failures.iter().filter(|failed| failed.what.contains('/')).count() as u64;
        let mut lines = Vec::new();
        if kills.worlds > 0 || failed_of("kills") > 0 {
            let done = (
                format!("{} kills of apply, {} of the portal, {} worlds", kills.kills, kills.portal_kills, kills.worlds),
                format!("{} cortes de apply, {} del portal, {} mundos", kills.kills, kills.portal_kills, kills.worlds),
            );
            let count = kills.kills + kills.portal_kills;
            let words = ("No loss, no doubles, whatever kills it", "Nada se pierde ni se duplica al cortarlo");
            lines.push(Line::new("P1", words, done, count as u64, Some((kills.lost, kills.doubled)), failed_of("kills")));
        }
        if *cells_done > 0 {
            let done = (
                format!("{cells_done} cells of the fault matrix, {} declared", cells.declared),
                format!("{cells_done} casos de la matriz de fallas, {} declarados", cells.declared),
            );
            let words = ("An unclear answer is never retried blindly", "Lo dudoso nunca se repite a ciegas");
            lines.push(Line::new("P2", words, done, *cells_done as u64, Some((cells.lost, cells.doubled)), failed_cells));
        }
        if all.sums > 0 {
            let done = ("outcomes of apply added up".to_owned(), "resultados de apply sumados".to_owned());
            lines.push(Line::new(
                "P3",
                ("Counts add up", "Las cuentas cuadran"),
                done,
                all.sums as u64,
                None,
                all.unequal as u64,
            ));
        }
        if tamper.alterations > 0 || failed_of("altered") > 0 {
            let done = ("bytes of sealed files altered".to_owned(), "bytes de archivos sellados alterados".to_owned());
            let words = ("An altered plan is refused", "Una revisión alterada se rechaza");
            let wrong = (tamper.believed as u64).max(failed_of("altered"));
            lines.push(Line::new("P4", words, done, tamper.alterations as u64, None, wrong));
        }
        if all.portals > 0 {
            let done = ("portals and ledgers compared".to_owned(), "portales y bitácoras comparados".to_owned());
            let words = ("Nothing else is touched", "No se toca nada más");
            lines.push(Line::new("P6", words, done, all.portals as u64, None, all.touched as u64));
        }
        if pace.requests > 0 || failed_of("limits") > 0 {
            let done = ("requests at a standard portal".to_owned(), "solicitudes a un portal estándar".to_owned());
            let words = ("The portal's limits are never tripped", "No se rebasan los límites del portal");
            lines.push(Line::new("P7", words, done, pace.requests, None, pace.refused.max(failed_of("limits"))));
        }
        if all.files > 0 {
            let done = ("files and outputs searched".to_owned(), "archivos y salidas revisados".to_owned());
            lines.push(Line::new(
                "P8",
                ("The secret stays secret", "La clave no aparece"),
                done,
                all.files,
                None,
                all.leaks as u64,
            ));
        }
        lines
    }

    /// As JSON.
    pub fn json(&self) -> Value {
        json!({
            "held": self.held(),
            "seed": self.seed,
            "version": env!("CARGO_PKG_VERSION"),
            "commit": option_env!("B24RESTORE_COMMIT"),
            "seconds": self.seconds,
            "promises": self.lines(),
            "cells": self.tally.cells_done,
            "kills": self.tally.kills.kills + self.tally.kills.portal_kills,
            "not_begun": self.left,
            "faults_outside": self.outside,
            "failures": self.tally.failures,
        })
    }

    /// As a table.
    pub fn text(&self, language: Language) -> String {
        let s = |en: &str, es: &str| say(language, en, es);
        let mut text = String::new();
        let columns = [s("count", "cuenta"), s("lost", "perd."), s("twice", "dobles"), s("wrong", "fallas")];
        _ = writeln!(text, "{:<46}{}", "", columns.map(|title| format!("{title:>8}")).concat());
        for line in self.lines() {
            let verdict = if line.held { s("held", "se cumple") } else { s("BROKEN", "NO SE CUMPLE") };
            let number = |value: Option<usize>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
            let figures = [line.count.to_string(), number(line.lost), number(line.doubled), line.wrong.to_string()];
            let promise = format!("{} {}", line.promise, s(line.words.0, line.words.1));
            let figures = figures.map(|figure| format!("{figure:>8}")).concat();
            _ = writeln!(text, "{promise:<46}{figures}  {verdict}\n   {}", s(&line.done_words.0, &line.done_words.1));
        }
        for failed in &self.tally.failures {
            let fault = failed.fault.as_deref().unwrap_or_default();
            _ = writeln!(text, "\n{} {fault}\n  {}", failed.what, failed.why.join("\n  "));
            _ = writeln!(text, "  {}: {}", s("evidence", "evidencia"), failed.evidence.display());
        }
        if self.left > 0 {
            _ = writeln!(
                text,
                "\n{} {}",
                self.left,
                s(
                    "proofs were not begun: the time was up (--minutes)",
                    "comprobaciones no se empezaron: se acabó el tiempo (--minutes)"
                )
            );
        }
        let commit = option_env!("B24RESTORE_COMMIT").map(|commit| format!(" ({commit})")).unwrap_or_default();
        _ = writeln!(
            text,
            "\n{}  b24restore {}{commit}, {} {}, {:.0} s",
            if self.held() { s("PROVEN", "COMPROBADO") } else { s("NOT PROVEN", "NO COMPROBADO") },
            env!("CARGO_PKG_VERSION"),
            s("seed", "semilla"),
            self.seed,
            self.seconds
        );
        text
    }
}
