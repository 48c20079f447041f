//! Bars: what happens, told on stderr, and only where that is a terminal.

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::Output;
use super::lang::say;
use super::terminal;
use crate::event::{Event, Observer, Phase, Silent, WaitReason};
use crate::report::Language;
use crate::report::words;

/// Who listens: bars on a terminal, lines with `-v`, else nobody.
pub fn observer(output: &Output) -> Arc<dyn Observer> {
    if output.verbose > 0 {
        return Arc::new(Lines { output: output.clone() });
    }
    if output.quiet || output.json || !io::stderr().is_terminal() {
        return Arc::new(Silent);
    }
    Arc::new(Bars {
        multi: MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8)),
        phases: Mutex::default(),
        language: output.language(),
    })
}

struct Bars {
    multi: MultiProgress,
    phases: Mutex<HashMap<Phase, ProgressBar>>,
    language: Language,
}

impl Observer for Bars {
    fn event(&self, event: Event) {
        let Ok(mut bars) = self.phases.lock() else { return };
        match event {
            Event::Begin { phase, total } => {
                let bar = self.multi.add(total.map_or_else(ProgressBar::new_spinner, ProgressBar::new));
                let template = if total.is_some() {
                    "{prefix:<22} {bar:24} {pos}/{len} {per_sec} {eta} {msg}"
                } else {
                    "{prefix:<22} {spinner} {pos} {per_sec} {msg}"
                };
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                bar.set_prefix(phase_word(phase, self.language));
                bar.enable_steady_tick(Duration::from_millis(250));
                bars.insert(phase, bar);
            }
            Event::Advance { phase, by } => {
                if let Some(bar) = bars.get(&phase) {
                    bar.inc(by);
                    bar.set_message("");
                }
            }
            Event::End { phase } => {
                if let Some(bar) = bars.remove(&phase) {
                    bar.finish_and_clear();
                }
            }
            Event::Wait { reason, millis } if millis >= 1000 => {
                for bar in bars.values() {
                    bar.set_message(wait_text(reason, millis, self.language));
                }
            }
            Event::Wait { .. } | Event::Request { .. } => {}
        }
    }
}

struct Lines {
    output: Output,
}

impl Observer for Lines {
    fn event(&self, event: Event) {
        let language = self.output.language();
        match event {
            Event::Begin { phase, .. } => terminal::note(&phase_word(phase, language), &self.output),
            Event::Wait { reason, millis } if millis >= 1000 => {
                terminal::note(&wait_text(reason, millis, language), &self.output);
            }
            Event::Request { method, millis, outcome } if self.output.verbose > 1 => {
                terminal::note(&format!("{method} {millis} ms {outcome}"), &self.output);
            }
            _ => {}
        }
    }
}

fn phase_word(phase: Phase, language: Language) -> String {
    match phase {
        Phase::Survey => say(language, "looking at the files", "revisando los archivos"),
        Phase::ReadPortal(entity) => {
            format!("{} {}", say(language, "reading", "leyendo"), words::entity_heading(entity).get(language))
        }
        Phase::Compare => say(language, "comparing", "comparando"),
        Phase::Create => say(language, "creating", "creando"),
        Phase::Mend => say(language, "completing", "completando"),
        Phase::Verify => say(language, "reading back", "comprobando"),
        Phase::Undo => say(language, "taking back", "deshaciendo"),
    }
}

fn wait_text(reason: WaitReason, millis: u64, language: Language) -> String {
    let seconds = millis.div_ceil(1000);
    let why = match reason {
        WaitReason::RequestLimit => say(language, "request limit", "límite de solicitudes"),
        WaitReason::OperatingLimit => {
            say(language, "Bitrix24 asks to wait (operating time)", "Bitrix24 pide esperar (tiempo de operación)")
        }
        WaitReason::Refused => say(language, "Bitrix24 asks to slow down", "Bitrix24 pide ir más despacio"),
        WaitReason::Network => say(language, "no connection, trying again", "sin conexión, se reintenta"),
        WaitReason::UnclearAnswer => say(
            language,
            "an answer was lost; making sure before going on",
            "se perdió una respuesta; se verifica antes de seguir",
        ),
    };
    format!("{why}: {seconds} s")
}
