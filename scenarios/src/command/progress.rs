//! What is shown while stacks run: a live line for each on a terminal, a line at each end elsewhere.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use shakedown_harness::duration::seconds;
use shakedown_harness::invocation::{Job, Progress};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

/// How often a live line turns.
const TICK: Duration = Duration::from_millis(100);

/// Shows the runs of one invocation.
#[derive(Default)]
pub struct Show {
    lines: MultiProgress,
    bars: Mutex<HashMap<String, ProgressBar>>,
}

impl Show {
    /// Takes note of one step of progress.
    pub fn see(&self, progress: Progress<'_>) {
        let mut bars = self.bars.lock().expect("no panic while it is held");
        match progress {
            Progress::Began { job, control } => {
                let title = title(job, control);
                let bar = self.lines.add(ProgressBar::new_spinner());
                if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed:>4} {msg}") {
                    bar.set_style(style);
                }
                bar.set_message(title.clone());
                bar.enable_steady_tick(TICK);
                bars.insert(title, bar);
            }
            Progress::Again { job, control, why } => {
                let title = title(job, control);
                self.print(&format!(
                    "  played again       {title}: the environment failed: {why}"
                ));
            }
            Progress::Ended {
                job,
                control,
                verdict,
                took,
            } => {
                let title = title(job, control);
                if let Some(bar) = bars.remove(&title) {
                    bar.finish_and_clear();
                }
                let line = format!(
                    "  {verdict:<18} {title}  ({})",
                    seconds(took.as_nanos() as u64)
                );
                self.print(&line);
            }
        }
    }

    /// Prints a line above the live ones.
    pub fn print(&self, line: &str) {
        self.lines.suspend(|| say!("{line}"));
    }
}

fn title(job: &Job, control: bool) -> String {
    let mutant = job
        .mutant
        .as_ref()
        .map(|name| format!("[{name}] "))
        .unwrap_or_default();
    let control = if control { "control run for: " } else { "" };
    let round = match job.round {
        1 => String::new(),
        round => format!(" (round {round})"),
    };
    format!("{mutant}{control}{}{round}", job.plan.scenario)
}
