//! The harness's side: every report is taken and every event written, as in a run.

use shakedown_harness::gateway::{Command, Handle, Report};
use shakedown_harness::history::{What, Writer};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

/// How long the gateway may take to carry out what it was told.
const DONE_WITHIN: Duration = Duration::from_secs(60);

/// Events of each kind so far.
#[derive(Default)]
struct Counts {
    asked: AtomicU64,
    answered: AtomicU64,
    delivered: AtomicU64,
}

/// Drains a gateway.
pub struct Recorder {
    commands: UnboundedSender<Command>,
    counts: Arc<Counts>,
    done: Mutex<mpsc::Receiver<()>>,
    _runtime: tokio::runtime::Runtime,
}

impl Recorder {
    /// Writes what the gateway reports below `folder`. `runtime` lives as long as the recorder.
    pub fn new(runtime: tokio::runtime::Runtime, handle: Handle, folder: &Path) -> Recorder {
        let counts = Arc::new(Counts::default());
        let (say_done, done) = mpsc::channel();
        let commands = handle.commands;
        let (counted, folder) = (counts.clone(), folder.to_owned());
        runtime.spawn(async move {
            let file = folder.join("history.jsonl");
            let mut writer = Writer::create(&file).expect("a file");
            let mut reports = handle.reports;
            while let Some(report) = reports.recv().await {
                match report {
                    Report::Event { what } => {
                        let count = match &what {
                            What::Asked(_) => Some(&counted.asked),
                            What::Answered(_) => Some(&counted.answered),
                            What::Delivered { .. } => Some(&counted.delivered),
                            _ => None,
                        };
                        count.map(|count| count.fetch_add(1, Relaxed));
                        // As the engine does it: flushed with the last that is at hand.
                        writer.append_first(what).expect("the disk takes it");
                        if reports.is_empty() {
                            writer.flush().expect("the disk takes it");
                        }
                    }
                    Report::Synced { .. } => {
                        // A new file for each round, so that a long bench fits on the disk.
                        writer = Writer::create(&file).expect("a file");
                        let _ = say_done.send(());
                    }
                    Report::Felt { .. } => {}
                    Report::Watching => drop(say_done.send(())),
                    Report::Listening { error: None, .. } => drop(say_done.send(())),
                    other => panic!("{other:?}"),
                }
            }
        });
        Recorder {
            commands,
            counts,
            done: Mutex::new(done),
            _runtime: runtime,
        }
    }

    /// Sends a command that is not answered.
    pub fn send(&self, command: Command) {
        self.commands.send(command).expect("the gateway is there");
    }

    /// Sends a command and waits until it is carried out; gives how long that took. After [`Command::Sync`], everything
    /// that was reported before has been written.
    pub fn carry_out(&self, command: Command) -> Duration {
        let begun = Instant::now();
        self.send(command);
        let done = self.done.lock().expect("no panic");
        done.recv_timeout(DONE_WITHIN).expect("the gateway answers");
        begun.elapsed()
    }

    /// How many exchanges were written whole.
    ///
    /// # Errors
    /// Some were not.
    pub fn complete(&self) -> Result<u64, String> {
        self.carry_out(Command::Sync { number: 0 });
        let Counts {
            asked,
            answered,
            delivered,
        } = &*self.counts;
        let (asked, answered, delivered) = (
            asked.load(Relaxed),
            answered.load(Relaxed),
            delivered.load(Relaxed),
        );
        match asked == answered && answered == delivered {
            true => Ok(asked),
            false => Err(format!(
                "{asked} asked, {answered} answered, {delivered} delivered"
            )),
        }
    }
}
